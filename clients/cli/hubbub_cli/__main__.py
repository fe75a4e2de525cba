"""Run `python -m hubbub_cli`."""

import sys

from hubbub_cli.start import main

sys.exit(main())
