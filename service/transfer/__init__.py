"""History as lines of JSON: export, import, and the exports of other chat services."""
