"""The rules about a program's own shape, one in each file, and the demands of policies/table.py.

A file's name is its rule's name, and its docstring the rule's title.
"""

from dataclasses import replace
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from policies.rule import Rule
from policies.table import ROWS


def _rule(module: str) -> Rule:
    found = import_module(f"{__name__}.{module}")
    rule: Rule = found.RULE
    return replace(rule, name=module.replace("_", "-"), title=str(found.__doc__).removesuffix("."))


_FILES: Final = [_rule(one.name) for one in iter_modules(__path__)]
RULES: Final = tuple(sorted([*ROWS, *_FILES], key=lambda rule: rule.name))
"""What the pack enforces, in the order of the names."""
