"""One client's commands: hello, join, send, history; and the plain codec."""
