"""Read history and heads from the streams, and tolerate replica lag."""
