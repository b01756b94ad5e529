"""One rule each file; what is in this folder is what the pack enforces, in the order of the names.

A file's name is its rule's name, and its docstring the rule's title.
"""

from dataclasses import replace
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from policies.rule import Rule


def _rule(module: str) -> Rule:
    found = import_module(f"{__name__}.{module}")
    rule: Rule = found.RULE
    return replace(rule, name=module.replace("_", "-"), title=str(found.__doc__).removesuffix("."))


RULES: Final = tuple(_rule(name) for name in sorted(one.name for one in iter_modules(__path__)))
