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
    api_versions,
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
PARTS = ("__main__.py", "components", "engine", "operate", "policies", "provider", "review", "settings")


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

FACTS: dict[str, tuple[Fact, str]] = {
    "a built-in role's id": (_holds(*roles.BUILT_IN), roles.READER.id.upper()),
    "the name of a built-in role": (_is(*(role.name for role in roles.BUILT_IN.values())), roles.READER.name),
    "a data action on keys": (
        _is(*rights.DATA_ACTIONS.values()),
        "Microsoft.KeyVault/vaults/keys/wrap/action",
    ),
    "a right in a managed HSM": (
        _matches(r"microsoft\.keyvault/managedhsms?/"),
        "Microsoft.KeyVault/managedHsm/keys/wrap/action",
    ),
    "a key permission that the service needs": (_is("wrapKey", "unwrapKey"), "WRAPKEY"),
    "a cloud's suffix or endpoint": (_holds(*_HOSTS), "https://{}.vault.usgovcloudapi.net"),
    "a type of Resource Manager": (_is(*_TYPES), "microsoft.keyvault/vaults"),
    "the path of a Resource Manager type": (
        _matches(r"providers/microsoft\.[a-z]"),
        "/subscriptions/{}/providers/Microsoft.KeyVault/vaults",
    ),
    "a source of keys": (_is("Microsoft.KeyVault", "Microsoft.CognitiveServices"), "Microsoft.KeyVault"),
    "a type token of Pulumi": (_is(*_TOKENS), "azure-native:keyvault:Key"),
    "the pattern of an ARM id": (
        _matches(r"(resourceGroups|/subscriptions/|/vaults/).*(\[\^|\(\?|\\w|\\\.)"),
        r"/subscriptions/[^/]+/resourceGroups/([^/]+)",
    ),
    "the URI or the id of a key": (_matches(r"\{\}/keys/\{\}|^/keys/$"), "{}/keys/{}/{}"),
    "the pattern of a key's URI": (
        _matches(r"/keys/.*(\[\^|\(\?|\\w|\\\.)"),
        r"https://([^/]+)/keys/([^/]+)",
    ),
    "the pattern of a key's version": (_matches(r"\[0-9a-f\]\{32\}"), "[0-9a-f]{32}"),
    "the pattern of a GUID": (_matches(r"\{8\}-.*\{12\}"), "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{12}"),
    "the caller's column of the audit log": (
        _matches("identity_claim_http"),
        "tostring(identity_claim_http_schemas_microsoft_com_identity_claims_objectidentifier_g)",
    ),
    "the separator of a URN": (_is("::", "urn:pulumi:"), "::"),
    "an API version": (_matches(r"^20[12]\d-\d\d-\d\d(-preview)?$|api-version=\d"), api_versions.VAULTS),
    "an action on a vault or on roles": (
        _is(
            *(value for name, value in vars(rights).items() if name.endswith(("_WRITE", "_DELETE", "_PURGE")))
        ),
        "microsoft.keyvault/vaults/write",
    ),
    "a mark of the engine": (
        _is(*engine_values.UNKNOWNS, engine_values.SIGNATURE, engine_values.SECRET, engine_values.OUTPUT),
        engine_values.SIGNATURE,
    ),
    "an input of a generic resource or of a template": (
        _is(*resource_types.GENERIC_INPUTS[:2], "templateContent", "templateBody"),
        "resourceProviderNamespace",
    ),
    "the namespace of settings or components": (
        _is(environment.NAMESPACE, resource_types.COMPONENTS),
        environment.NAMESPACE,
    ),
    "the category of a vault's audit log": (_is(audit_log.CATEGORY), audit_log.CATEGORY),
    "a destination of logs": (_is(*list(audit_log.DESTINATIONS)[1:]), "storageAccountId"),
    "the type of a service principal": (_is(roles.SERVICE_PRINCIPAL), roles.SERVICE_PRINCIPAL),
    "a kind of account": (
        # These two are also the format of a model and a module of azure-native.
        _is(*(name for name in kinds.NAMES if name not in ("OpenAI", "CognitiveServices"))),
        kinds.LANGUAGE.name,
    ),
    "what a kind is called": (_is(*(kind.product for kind in kinds.ALL)), kinds.LANGUAGE.product),
    "the form for a key of some kinds": (
        _holds(*(kind.approval for kind in kinds.ALL if kind.approval)),
        next(kind.approval for kind in kinds.ALL if kind.approval),
    ),
    "the principal that means everybody": (_is(facts.EVERYBODY), facts.EVERYBODY),
    "a type or size of keys": (_is("RSA", "RSA-HSM"), "rsa"),
    "a group of permissions": (_is("certificates"), "certificates"),
}
_OF_AN_ID = re.compile(r"""r?split\(["']/["'][^)]*\)\[-1\]|of_local_scope\(""")


@pytest.mark.parametrize("part", PARTS)
def test_no_fact_is_spelt_twice(part: str) -> None:
    """Whoever needs a fact takes it from core."""
    again = [
        f"{place} {text!r} is {name}"
        for place, text in _texts(part)
        for name, (is_fact, _) in FACTS.items()
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
def test_a_second_spelling_is_found(name: str) -> None:
    """Each fact is found where a module spells it, as a plain text and inside an f-string, and in no
    docstring."""
    is_fact, spelling = FACTS[name]
    inside = spelling.replace("{}", "{x}") if "{}" in spelling else None
    code = f'"""{spelling}"""\nVALUE = {spelling!r}\n' + (f"OTHER = f{inside!r}\n" if inside else "")
    found = [line for line, text in _of(code) if is_fact(text)]
    assert found == ([2, 3] if inside else [2])
