"""Reads a stack's configuration into the arguments of its services, with the place of each problem."""

from settings.model import ServiceSettings, Settings
from settings.parse import SettingsError, parse
from settings.stack import load

__all__ = ["ServiceSettings", "Settings", "SettingsError", "load", "parse"]
