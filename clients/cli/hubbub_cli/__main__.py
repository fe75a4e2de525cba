"""Run `python -m hubbub_cli`."""

import sys

from hubbub_cli.main import main

sys.exit(main())
