"""Several processes behind one port, each a whole node: `HUBBUB_WORKERS`.

The parent (`supervisor`) starts them, restarts them, and collects reports from all; a worker (`__main__`) is
what `python -m service` is alone. A control channel (`control_channel`) connects them: a socket that the
worker has as its standard input. When it ends, the other process has exited.
"""
