"""The state that nodes share through the broker's signals: presence, user names, the room listing."""
