"""Server frames and codecs: how an entry of a room becomes the bytes that a client receives."""
