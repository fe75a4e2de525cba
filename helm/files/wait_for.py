"""Wait until a port can be reached: host, port. A pod's limit is that of its start."""

import socket
import sys
import time

host, port = sys.argv[1], int(sys.argv[2])
end = time.monotonic() + 300
while True:
    try:
        socket.create_connection((host, port), timeout=2).close()
        break
    except OSError as error:
        if time.monotonic() > end:
            sys.exit(f"{host}:{port} can't be reached: {error}")
        time.sleep(0.5)
