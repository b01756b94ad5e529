"""No fact that core holds is spelt a second time.

Looks at the texts of the product's code, docstrings and messages aside; an f-string is one text, in which
`{}` stands for its values. The local Azure is left out: a judge shares no code with what it judges.
"""

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from core import (
    arm_ids,
    audit_log,
    clouds,
    engine_values,
    environment,
    facts,
    kinds,
    resource_types,
    rights,
    roles,
)

ROOT = Path(__file__).resolve().parents[2]
PARTS = (
    "__main__.py",
    "components",
    "engine",
    "hosts",
    "operate",
    "policies",
    "provider",
    "review",
    "settings",
)


@cache
def _texts(part: str) -> tuple[tuple[str, str], ...]:
    """Every text of a part's code with its place, docstrings aside."""
    root = ROOT / part
    files = [root] if root.is_file() else sorted(root.rglob("*.py"))
    return tuple(
        (f"{file.relative_to(ROOT)}:{line}", text) for file in files for line, text in _of(file.read_text())
    )


def _of(source: str) -> Iterator[tuple[int, str]]:
    tree = ast.parse(source)
    aside: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            aside.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            aside.update(map(id, node.values))
    for node in ast.walk(tree):
        if id(node) in aside:
            continue
        if isinstance(node, ast.JoinedStr):
            parts = [str(one.value) if isinstance(one, ast.Constant) else "{}" for one in node.values]
            yield node.lineno, "".join(parts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


Fact = Callable[[str], bool]


def _is(*words: str) -> Fact:
    """Whether a text is one of the words, in any casing."""
    known = {word.lower() for word in words}
    return lambda text: text.lower() in known


def _holds(*words: str) -> Fact:
    """Whether a text holds one of the words, in any casing, and is no sentence."""
    known = [word.lower() for word in words]
    return lambda text: " " not in text.strip() and any(word in text.lower() for word in known)


def _matches(pattern: str) -> Fact:
    """Whether a text that is no sentence holds a pattern, in any casing."""
    return lambda text: " " not in text.strip() and bool(re.search(pattern, text, re.IGNORECASE))


_TYPES = [value for name, value in vars(arm_ids).items() if name.isupper() and isinstance(value, str)]
_TOKENS = [value for name, value in vars(resource_types).items() if name.isupper() and isinstance(value, str)]
_TOKENS += resource_types.FORMER
_HOSTS = [
    getattr(cloud, name)
    for cloud in clouds.ALL
    for name in (
        "vault_suffix",
        "hsm_suffix",
        "account_suffix",
        "arm_host",
        "authority",
        "log_analytics",
        "account_dns_zone",
        "vault_dns_zone",
    )
]

FACTS: dict[str, Fact] = {
    "a built-in role's id": _holds(*roles.BUILT_IN),
    "the name of a built-in role": _is(*(role.name for role in roles.BUILT_IN.values())),
    "a data action on keys": _is(*rights.DATA_ACTIONS.values()),
    "a right in a managed HSM": _matches(r"microsoft\.keyvault/managedhsms?/"),
    "a key permission that the service needs": _is("wrapKey", "unwrapKey"),
    "a cloud's suffix or endpoint": _holds(*_HOSTS),
    "a type of Resource Manager": _is(*_TYPES),
    "the path of a Resource Manager type": _matches(r"providers/microsoft\.[a-z]"),
    "a source of keys": _is("Microsoft.KeyVault", "Microsoft.CognitiveServices"),
    "a type token of Pulumi": _is(*_TOKENS),
    "the pattern of an ARM id": _matches(r"(resourceGroups|/subscriptions/|/vaults/).*(\[\^|\(\?|\\w|\\\.)"),
    "the URI or the id of a key": _matches(r"\{\}/keys/\{\}|^/keys/$"),
    "the pattern of a key's URI": _matches(r"/keys/.*(\[\^|\(\?|\\w|\\\.)"),
    "the pattern of a key's version": _matches(r"\[0-9a-f\]\{32\}"),
    "the pattern of a GUID": _matches(r"\{8\}-.*\{12\}"),
    "the caller's column of the audit log": _matches("identity_claim_http"),
    "the separator of a URN": _is("::", "urn:pulumi:"),
    "an API version": _matches(r"^20[12]\d-\d\d-\d\d(-preview)?$|api-version=\d"),
    "an action on a vault or on roles": _is(
        *(value for name, value in vars(rights).items() if name.endswith(("_WRITE", "_DELETE", "_PURGE")))
    ),
    "a mark of the engine": _is(
        *engine_values.UNKNOWNS, engine_values.SIGNATURE, engine_values.SECRET, engine_values.OUTPUT
    ),
    "an input of a generic resource or of a template": _is(
        *resource_types.GENERIC_INPUTS[:2], "templateContent", "templateBody"
    ),
    "the namespace of settings or components": _is(environment.NAMESPACE, resource_types.COMPONENTS),
    "the category of a vault's audit log": _is(audit_log.CATEGORY),
    "a destination of logs": _is(*list(audit_log.DESTINATIONS)[1:]),
    "the type of a service principal": _is(roles.SERVICE_PRINCIPAL),
    # The two that are left out are also the format of a model and a module of azure-native.
    "a kind of account": _is(*(name for name in kinds.NAMES if name not in ("OpenAI", "CognitiveServices"))),
    "what a kind is called": _is(*(kind.product for kind in kinds.ALL)),
    "the form for a key of some kinds": _holds(*(kind.approval for kind in kinds.ALL if kind.approval)),
    "the principal that means everybody": _is(facts.EVERYBODY),
    "a type or size of keys": _is("RSA", "RSA-HSM"),
    "a group of permissions": _is("certificates"),
}
_OF_AN_ID = re.compile(r"""r?split\(["']/["'][^)]*\)\[-1\]|of_local_scope\(""")


@pytest.mark.parametrize("part", PARTS)
def test_no_fact_is_spelt_twice(part: str) -> None:
    """Whoever needs a fact takes it from core."""
    again = [
        f"{place} {text!r} is {name}"
        for place, text in _texts(part)
        for name, is_fact in FACTS.items()
        if is_fact(text)
    ]
    assert again == []


@pytest.mark.parametrize("part", PARTS)
def test_ids_are_taken_apart_in_core_alone(part: str) -> None:
    """The last segment of an id is `arm_ids.name_of`, and a scope of a managed HSM's own role is read by
    `adapters.local_role_assignment`; a stack's full name is no id."""
    root = ROOT / part
    files = [root] if root.is_file() else sorted(root.rglob("*.py"))
    lines = [
        f"{file.relative_to(ROOT)}: {line.strip()}"
        for file in files
        for line in file.read_text().splitlines()
        if _OF_AN_ID.search(line) and "stack" not in line
    ]
    assert lines == []


@pytest.mark.parametrize("name", FACTS)
def test_core_spells_each_fact(name: str) -> None:
    """In its code or a table of its own: what is not found there would be found nowhere. The last two forms
    are other ways to say what core says."""
    tables = " ".join(path.read_text() for path in (ROOT / "core").glob("*.json"))
    texts = {text for _, text in _texts("core")} | {*re.findall(r'"([^"]*)"', tables)}
    texts |= {"https://([^/]+)/keys/([^/]+)", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{12}"}
    assert any(map(FACTS[name], texts))


def test_a_spelling_is_found_in_code_alone() -> None:
    """As a plain text, in any casing, and inside an f-string; in no docstring."""
    is_fact = FACTS["the path of a Resource Manager type"]
    code = (
        '"""providers/microsoft.a"""\nVALUE = "providers/Microsoft.A"\nOTHER = f"{x}/providers/Microsoft.A"\n'
    )
    assert [line for line, text in _of(code) if is_fact(text)] == [2, 3]
