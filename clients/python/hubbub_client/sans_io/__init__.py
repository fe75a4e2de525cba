"""The client without input or output (specification §10): told what happened, it says what to do."""
