"""Several processes behind one port, each a whole node: `HUBBUB_WORKERS`.

The parent (`supervisor`) starts them, starts them again, and passes on what one asks of all; a worker
(`worker`) is what `python -m service` is alone. Between them runs a line (`line`): a socket that the worker
has as its standard input. Where it ends, the other side is gone.
"""
