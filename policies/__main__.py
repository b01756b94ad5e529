"""Entry of the policy pack: makes the PolicyPack, which serves until the engine ends it.

A published pack is in a folder named after its version, and the program that it checks may have packages
`policies` and `core` of its own. So both are loaded by path, under their own names.
"""

import gc
import importlib.util
import sys
from pathlib import Path

gc.disable()  # until `collect_seldom`: imports leave no garbage
_HERE = Path(__file__).resolve().parent
sys.path[0] = str(_HERE.parent)


def _load(name: str, folder: Path) -> None:
    """Imports a package of ours from its folder."""
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None or not (folder / "__init__.py").is_file():
        raise ImportError(
            f"the policy pack has no {folder}; run it in the checkout, or build it: `python -m "
            f"policies.publish DIR`"
        )
    package = importlib.util.module_from_spec(spec)
    sys.modules[name] = package
    spec.loader.exec_module(package)


# A published pack has core inside (publish.py); in the checkout core is beside it.
_load("core", _HERE / "core" if (_HERE / "core").is_dir() else _HERE.parent / "core")
_load("policies", _HERE)

from pulumi_policy import PolicyPack

from core.garbage import collect_seldom
from policies.analyzer import PACK_NAME, make_policies

collect_seldom()
PolicyPack(PACK_NAME, make_policies())
