"""The HTTP routes: page, API, health and metrics."""
