"""Pulumi's gRPC stubs without the SDK around them: importing `pulumi` costs 0.3 s of the start of each
plugin, and half of a language host's. Without protobuf's messages in Python, too, which its messages in C
leave unused, and which are a third of what is left.

`load` must run before anything imports `pulumi`; where that has happened already, it leaves all as it is.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from importlib.util import LazyLoader, find_spec, module_from_spec
from pathlib import Path

_MESSAGES_IN_PYTHON = "google.protobuf.internal.python_message"


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
    import_when_used(_MESSAGES_IN_PYTHON)


def import_when_used(name: str) -> None:
    """Has a module run only once something of it is used. `from PACKAGE import MODULE` does not use it, if it
    finds the module as a value of its package. Not for a module that puts another into its place."""
    if name in sys.modules:
        return
    spec = find_spec(name)
    if spec is None or spec.loader is None:
        return
    spec.loader = LazyLoader(spec.loader)
    package, _, last = name.rpartition(".")
    sys.modules[name] = module = module_from_spec(spec)
    setattr(sys.modules[package], last, module)
    spec.loader.exec_module(module)
