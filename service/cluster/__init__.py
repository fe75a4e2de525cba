"""What the nodes share through the broker's signals: presence, user names, the listing of rooms."""
