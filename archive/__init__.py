"""The archive contract and the archives that keep it: where a room's history lasts."""
