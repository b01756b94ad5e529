"""The rules about a program's own shape, by subject, and the demands of policies/table.py."""

from typing import Final

from policies.rule import FOUND
from policies.rules import accounts, bindings, grants, keys_stated, programs
from policies.table import ROWS

__all__ = ["RULES", "accounts", "bindings", "grants", "keys_stated", "programs"]
RULES: Final = tuple(sorted([*ROWS, *FOUND], key=lambda rule: rule.name))
"""What the pack enforces, in the order of the names."""
