"""What every process needs: tasks, back-off, metrics, logging, listeners, exit codes."""
