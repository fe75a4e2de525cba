"""Line ends of all systems, and of terminals, which paste carriage returns."""


def with_newlines(text: str) -> str:
    """Return the text with newlines: a receiver's terminal would execute a carriage return."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
