"""No fact that core holds is spelt a second time.

Looks at the string constants of the product's code, docstrings and messages aside. The local Azure is left
out: a judge shares no code with what it judges.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from core import arm_ids, clouds, resource_types, rights, roles

ROOT = Path(__file__).resolve().parents[2]
_ELSEWHERE = {"core", "localazure", "tests", "docs"}


@cache
def _constants() -> tuple[tuple[str, str], ...]:
    """Every string constant of the product's code with its place, docstrings aside."""
    return tuple(found for file in sorted(ROOT.rglob("*.py")) if _is_product(file) for found in _of(file))


def _is_product(file: Path) -> bool:
    first = file.relative_to(ROOT).parts[0]
    return first not in _ELSEWHERE and not first.startswith(".")


def _of(file: Path) -> Iterator[tuple[str, str]]:
    tree = ast.parse(file.read_text())
    prose = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield f"{file.relative_to(ROOT)}:{node.lineno}", node.value


def _is(*words: str) -> Callable[[str], bool]:
    """Whether a constant is one of the words, in any casing."""
    known = {word.lower() for word in words}
    return lambda text: text.lower() in known


def _holds(*words: str) -> Callable[[str], bool]:
    """Whether a constant holds one of the words, in any casing, and is no sentence."""
    known = [word.lower() for word in words]
    return lambda text: " " not in text.strip() and any(word in text.lower() for word in known)


def _pattern(*words: str) -> Callable[[str], bool]:
    """Whether a constant is a regular expression over one of the words."""
    return lambda text: any(word in text for word in words) and bool(re.search(r"\[\^|\(\?|\\w|\\\.", text))


_TYPES = [value for name, value in vars(arm_ids).items() if name.isupper() and isinstance(value, str)]
_TOKENS = [value for name, value in vars(resource_types).items() if name.isupper() and isinstance(value, str)]

FACTS: dict[str, Callable[[str], bool]] = {
    "a built-in role's id": _holds(*roles.BUILT_IN),
    "a data action on keys": _is(*rights.DATA_ACTIONS.values()),
    "a key permission that the service needs": _is("wrapKey", "unwrapKey"),
    "a cloud's suffix or endpoint": _holds(
        *(
            host
            for cloud in clouds.ALL
            for host in (
                cloud.vault_suffix,
                cloud.hsm_suffix,
                cloud.account_suffix,
                cloud.arm_host,
                cloud.authority,
                cloud.log_analytics,
                cloud.account_dns_zone,
                cloud.vault_dns_zone,
            )
        )
    ),
    "a type of Resource Manager": _is(*_TYPES),
    "a type token of Pulumi": _is(*_TOKENS),
    "the pattern of an ARM id": _pattern("resourceGroups", "resourcegroups", "/subscriptions/", "/vaults/"),
    "the pattern of a key's URI": _pattern("/keys/"),
    "the separator of a URN": _is("::", "urn:pulumi:"),
}


PARTS = ("__main__.py", "components", "engine", "operate", "policies", "provider", "review", "settings")


@pytest.mark.parametrize("part", PARTS)
def test_no_fact_is_spelt_twice(part: str) -> None:
    """Whoever needs a fact takes it from core."""
    again = [
        f"{place} {text!r} is {fact}"
        for place, text in _constants()
        for fact, is_the_fact in FACTS.items()
        if place.split("/")[0].split(":")[0] == part and is_the_fact(text)
    ]
    assert again == []


@pytest.mark.parametrize("fact", FACTS)
def test_the_search_finds_what_it_looks_for(fact: str) -> None:
    """Each fact is found in core itself, or in a spelling that it once had elsewhere."""
    once = {
        "the pattern of an ARM id": r"/subscriptions/[^/]+/resourceGroups/([^/]+)",
        "the pattern of a key's URI": r"https://([^/]+)/keys/([^/]+)",
    }
    texts = (
        [once[fact]]
        if fact in once
        else [text for file in (ROOT / "core").glob("*.py") for _, text in _of(file)]
    )
    assert any(map(FACTS[fact], texts))
