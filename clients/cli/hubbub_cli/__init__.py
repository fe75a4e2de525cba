"""Chat from the terminal, and from scripts: the command `hubbub-chat`."""
