"""Imports what programs, policy packs and providers import: the fork server of warm_python.py loads this."""

import contextlib
import gc
import importlib

from tests.support.warm_host import MODULES

for module in MODULES:
    with contextlib.suppress(ImportError):
        # A module of a Pulumi SDK is loaded by the first attribute that is asked for. `dir` asks for none
        # (pulumi 3.259, pulumi/_utils.py `_INTROSPECTION_ATTRS`).
        getattr(importlib.import_module(module), "__all__", None)
# Forks share the memory of what is never collected.
gc.collect()
gc.freeze()
