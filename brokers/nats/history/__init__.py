"""Read history and heads from the streams, in spite of replica lag."""
