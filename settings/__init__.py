"""Reads a stack's configuration into the arguments of its services.

Owns: reading the configuration, which nothing else in this project does, and the place of each problem. Does
not own: what an argument may be, and what it does (components/).
"""

from settings.model import ServiceSettings, Settings
from settings.parse import SettingsError, parse
from settings.stack import load

__all__ = ["ServiceSettings", "Settings", "SettingsError", "load", "parse"]
