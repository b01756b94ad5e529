"""What the user of a stack may say: typed, checked, and complained about all at once.

Owns: reading the stack's configuration; nothing else in this project does. Does not own: what the settings
do.
"""

from __future__ import annotations

from settings.model import ServiceSettings, Settings
from settings.parse import SettingsError, parse
from settings.stack import load

__all__ = ["ServiceSettings", "Settings", "SettingsError", "load", "parse"]
