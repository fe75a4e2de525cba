"""The settings of a node. No other package reads the environment.

One table (`service/settings/table.py`) has the variable, the default, the allowed values and the meaning of
each setting. Reading, error messages, `--show-settings` and the table in the documentation are made from it.
"""

from service.settings.printing import show, table
from service.settings.reading import SettingsError, load, unused
from service.settings.table import Settings

__all__ = ["Settings", "SettingsError", "load", "show", "table", "unused"]
