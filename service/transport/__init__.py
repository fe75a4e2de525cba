"""The websocket connection of one client: frames in and out, output state, keepalive."""
