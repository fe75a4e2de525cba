"""The Lua scripts, which run inside Redis, and their loader."""
