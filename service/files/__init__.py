"""Files of messages: stored outside of the rooms, and removed with their messages."""
