"""Entry of the policy pack: makes the PolicyPack, which serves until the engine ends it.

The package is loaded by its own path under its own name, because a published pack lives in a folder that is
named after its version, and the program that uses it may have a package `policies` of its own.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
sys.path[0] = str(_HERE.parent)

_spec = importlib.util.spec_from_file_location(
    "policies", _HERE / "__init__.py", submodule_search_locations=[str(_HERE)]
)
if _spec is None or _spec.loader is None:
    raise ImportError(f"the policy pack in {_HERE} has no __init__.py; restore it from the repository")
_package = importlib.util.module_from_spec(_spec)
sys.modules["policies"] = _package
_spec.loader.exec_module(_package)

from pulumi_policy import PolicyPack  # noqa: E402

from policies.decoding import decode_once  # noqa: E402
from policies.pack import PACK_NAME, make_policies  # noqa: E402

decode_once()
PolicyPack(PACK_NAME, make_policies())
