"""What can be set about a node, and the only reader of the environment.

One table (`service/settings/table.py`) says of each setting its variable, its default, what is allowed and
what it means. Reading, refusing, `--show-settings` and the table in the documentation all follow from it.
"""

from service.settings.printing import show, table
from service.settings.reading import SettingsError, load, unused
from service.settings.table import Settings

__all__ = ["Settings", "SettingsError", "load", "show", "table", "unused"]
