"""One rule each file; what is in this folder is what the pack enforces, in the order of the names."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from policies.rule import Rule

RULES: Final[tuple[Rule, ...]] = tuple(
    import_module(f"{__name__}.{name}").RULE for name in sorted(one.name for one in iter_modules(__path__))
)
