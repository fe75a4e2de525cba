"""Web Push: users who are not here are notified of messages that mention them or reply to them."""
