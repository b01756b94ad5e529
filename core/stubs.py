"""Pulumi's gRPC stubs without the SDK around them: importing `pulumi` costs 0.3 s of the start of each
plugin, and half of a language host's.

`load` must run before anything imports `pulumi`; where that has happened already, it leaves all as it is.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from pathlib import Path


def load() -> None:
    """Makes each module of `pulumi.runtime.proto` importable by itself: it and what it is in become empty
    packages. Its own would import them all."""
    if "pulumi" in sys.modules:
        return
    found = find_spec("pulumi")
    if found is None or not found.submodule_search_locations:
        return
    folder = Path(next(iter(found.submodule_search_locations)))
    for name in ("pulumi", "pulumi.runtime", "pulumi.runtime.proto"):
        spec = ModuleSpec(name, loader=None, is_package=True)
        spec.submodule_search_locations = [str(folder.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = module_from_spec(spec)
