"""The rules, by subject. rules.json says of each why it is one, by which source and at which level."""

from typing import Final

from policies.rule import FOUND
from policies.rules import accounts, bindings, demands, grants, keys_stated, programs

__all__ = ["RULES", "accounts", "bindings", "demands", "grants", "keys_stated", "programs"]
RULES: Final = tuple(sorted(FOUND, key=lambda rule: rule.name))
"""What the pack enforces, in the order of the names."""
