"""What a rule of the policy pack says to a program with resources of its own: with the words done as they
stand, the rule passes, or asks its next question.

What it says of our components' settings, test_rules_lead_out.py follows. A stack in memory stands for the
program, and for the state that a printed command changes.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from core import demands, roles
from core.resource_types import HSM_ROLE_ASSIGNMENT
from policies.rule import Rule, RuleSubject
from policies.rules import RULES
from tests.policies.asking import (
    ACCESS_POLICY,
    KEY_URI,
    NOW,
    VERSION,
    Answer,
    Pack,
    Thing,
)
from tests.policies.bags import VAULT_ID, account_props, key_props, vault_props
from tests.policies.editing import edited
from tests.policies.refusals import REFUSED, Refused
from tests.policies.stacks import (
    CLIENT,
    PRINCIPAL,
    Stack,
    diagnostics,
    live_encryption,
    run,
    two_phases,
)
from tests.remediation.test_what_is_printed import _texts
from tests.support.stack import ROOT

MOST_ROUNDS = 4
Edits = Mapping[str, Any]
Way = Callable[[Stack, str, re.Match[str]], Edits]
"""What is changed in a stack, as tests/policies/editing.py has it, by the resource that a violation is about
and the match of its words."""
EXACT = {"keys": ["get", "wrapKey", "unwrapKey"]}
ENCRYPTION = "properties.encryption"
PARTS = f"{ENCRYPTION}.keyVaultProperties"
HSM_KEY_ID = "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.KeyVault/managedHSMs/hsm-one/keys/cmk"
IDENTITY_ID = (
    "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one"
)


def _set(stack: Stack, name: str, found: re.Match[str]) -> Edits:
    """Of a resource the property that a message names without the groups around it."""
    path, value = found["path"], json.loads(found["value"])
    if path.partition(".")[0] in stack[name].props:
        return {f"{name}.{path}": value}
    return {f"{name}.properties.{path}": value}


def _to(path: str, value: Any) -> Way:
    """A property of the resource gets a value; `...` takes it out."""
    return lambda _, name, __: {f"{name}.{path}": value}


def _of(name: str, edits: Edits) -> Way:
    """Another resource changes, which has this name in a right stack."""
    return lambda *_: {f"{name}{what}": value for what, value in edits.items()}


def _right(name: str) -> Way:
    """A resource is added, as a right stack has it."""

    def add(stack: Stack, *_: Any) -> Edits:
        by_roles = stack["vault"].props["properties"].get("enableRbacAuthorization") is True
        return {name: two_phases(roles=by_roles)[name]}

    return add


def _role(stack: Stack, name: str, found: re.Match[str]) -> Edits:
    role = roles.named(found["role"]).id
    return {f"{name}.roleDefinitionId": role}


def _depends(stack: Stack, _: str, found: re.Match[str]) -> Edits:
    before = stack[found["name"]].depends_on
    return {f"{found['name']}@depends_on": [*before, *found["others"].split(", ")]}


def _not_ignored(stack: Stack, name: str, _: re.Match[str]) -> Edits:
    ignored = stack[name].ignore_changes
    kept = [path for path in ignored if path != "*" and not path.startswith("identity")]
    return {f"{name}@ignore_changes": kept}


def _ignored(stack: Stack, name: str, _: re.Match[str]) -> Edits:
    """The account's own encryption is what Azure reports, then."""
    ignored = [path for path in stack[name].ignore_changes if not path.startswith(ENCRYPTION)]
    return {f"{name}@ignore_changes": [*ignored, ENCRYPTION], f"{name}.{ENCRYPTION}": live_encryption()}


def _bound(stack: Stack, name: str, _: re.Match[str]) -> Edits:
    """By a binding of its own."""
    binding = two_phases()["binding"]
    sources = {**binding.property_dependencies, "accountId": [name]}
    props = {**binding.props, "accountId": stack[name].props.get("id")}
    return {"made": replace(binding, name="made", props=props, property_dependencies=sources)}


def _attached(stack: Stack, name: str, _: re.Match[str]) -> Edits:
    """The identity that the binding names."""
    named = stack[name].props.get("identityClientId") or CLIENT
    identity = {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY_ID: {"clientId": named}}}
    return {"account.identity": identity}


def _host(stack: Stack, name: str, found: re.Match[str]) -> Edits:
    """The host that is printed; where it is a vault's name alone, as Azure has it."""
    host = found["host"]
    if vault := re.fullmatch(r"the host of the vault (\S+)", host):
        if vault[1] == "NAME":
            return {f"{name}.properties.restrictOutboundNetworkAccess": False}
        host = f"{vault[1]}.vault.azure.net"
    return {f"{name}.properties.allowedFqdnList": [host]}


def _policies(stack: Stack, name: str, permissions: Any) -> Edits:
    """The permissions of each access policy that a resource lists."""
    if stack[name].type == ACCESS_POLICY:
        return {f"{name}.policy.permissions": permissions}
    listed = [
        {**entry, "permissions": permissions} for entry in stack[name].props["properties"]["accessPolicies"]
    ]
    return {f"{name}.properties.accessPolicies": listed}


def _exact(stack: Stack, name: str, _: re.Match[str]) -> Edits:
    return _policies(stack, name, EXACT)


def _without_purge(stack: Stack, name: str, _: re.Match[str]) -> Edits:
    return _policies(stack, name, {"keys": ["get", "list"]})


def _granted(stack: Stack, name: str, _: re.Match[str]) -> Edits:
    """The grant that a right stack has, for the identity that uses the key."""
    by_roles = stack["vault"].props["properties"].get("enableRbacAuthorization") is True
    return {"grant": two_phases(roles=by_roles)["grant"]}


def _in_hsm(stack: Stack, name: str, _: re.Match[str]) -> Edits:
    role = roles.HSM_CRYPTO_SERVICE_ENCRYPTION_USER.id
    props = {"roleDefinitionId": role, "scope": HSM_KEY_ID, "principalId": PRINCIPAL}
    return {"grant": Thing("grant", HSM_ROLE_ASSIGNMENT, props)}


def _out(_: Stack, name: str, __: re.Match[str]) -> Edits:
    return {name: None}


def _retyped(stack: Stack, name: str, found: re.Match[str]) -> Edits:
    """Of the package that the command adds, by the name of its kind."""
    token = f"azure-native_keyvault_v{found['version'].replace('-', '')}:keyvault:Vault"
    if "Key" in stack[name].type.rpartition(":")[2]:
        token = token.replace(":Vault", ":Key")
    return {name: replace(stack[name], type=token, props={})}


WAYS: Mapping[str, Way] = {
    r'set (?P<path>[\w.]+) to (?P<value>"[\w.]+"|true|false|\d+)': _set,
    r"change properties\.userOwnedStorage": _to("properties.userOwnedStorage", None),
    r"take qnaAzureSearchEndpointId and its key out of": _to("properties.apiProperties", None),
    r"take bypass out of properties\.networkAcls": _to("properties.networkAcls.bypass", ...),
    r"name no identityClientId, and give the account a system-assigned identity": _of(
        "binding", {".identityClientId": ...}
    ),
    r"name the ranges that may enter": _to("properties.networkAcls.ipRules", [{"value": "203.0.113.0/24"}]),
    r"make the (?:Foundry project|deployment of a model) below an account of that kind": _of(
        "account", {".kind": "AIServices"}
    ),
    r"add azure-cmk's CustomerManagedKey with the account's id": _bound,
    r"import it as azure-native's (?:cognitiveservices\.Account|resource)": _out,
    r"add the identity's id to identity\.userAssignedIdentities": _to(
        "identity.userAssignedIdentities", [IDENTITY_ID]
    ),
    r"take identity out of the account's ignoreChanges": _not_ignored,
    r"disable public network access and connect": _to("properties.publicNetworkAccess", "Disabled"),
    r"add (?P<host>.+) to allowedFqdnList": _host,
    r"run `pulumi up --refresh`": _to(ENCRYPTION, live_encryption()),
    r"set identityClientId of the binding to the client id of the attached identity": _of(
        "binding", {".identityClientId": CLIENT}
    ),
    r"name the client id of an attached identity, or attach": _attached,
    r"set protect: true on the binding": lambda _, name, __: {f"{name}@protect": True},
    r"add (?P<others>.+) to depends_on of (?P<name>\S+)": _depends,
    r"assign the least privileged role of the account's kind, such as (?P<role>[\w ]+)": _role,
    r"name one version of the key": _to(f"{PARTS}.keyVersion", VERSION),
    r"name the key that the vault holds": _to(f"{PARTS}.keyName", "cmk"),
    r"name the vault by its own URI": _to(f"{PARTS}.keyVaultUri", "https://kv-one.vault.azure.net/"),
    r"take keyUriWithVersion from the key": _to("keyUriWithVersion", KEY_URI),
    r"leave encryption out of the account and bind": _to(ENCRYPTION, ...),
    r"grant exactly get, wrapKey and unwrapKey on keys": _exact,
    r"add azure-native's keyvault\.AccessPolicy, or a RoleAssignment": _granted,
    r"run `pulumi refresh`: the identity was re-created": _of("grant", {".policy.objectId": PRINCIPAL}),
    r"assign (?P<role>[A-Z][\w ]+?)(?:,|;|$)": _role,
    r"change the grant to the model that the vault uses": _granted,
    r"(?:grant it by|add) azure-cmk's ManagedHsmRoleAssignment": _in_hsm,
    r"set (?:an earlier )?attributes\.expires": _to("properties.attributes.expires", NOW + 86_400 * 20),
    r"rotate the key and bind the account to the new version": _to(
        "properties.attributes.expires", NOW + 86_400 * 400
    ),
    r"state rotationPolicy when the key is made": _to(
        "properties.rotationPolicy", key_props()["properties"]["rotationPolicy"]
    ),
    r"create the key with kty RSA and keySize 2048": lambda _, name, __: {
        f"{name}.properties.kty": "RSA",
        f"{name}.properties.keySize": 2048,
    },
    r"enable the key": _to("properties.attributes.enabled", True),
    r"create a new version that expires later": _to("properties.attributes.expires", NOW + 86_400 * 400),
    r"leave notBefore out": _to("properties.attributes.notBefore", ...),
    r"add wrapKey and unwrapKey to keyOps": _to("properties.keyOps", [*demands.KEY_OPERATIONS]),
    r"run `pulumi package add azure-native keyvault (?P<version>[\d-]+)`": _retyped,
    r"make it an azure-cmk:index:AccessPolicy": lambda stack, name, _: {
        name: replace(stack[name], type=ACCESS_POLICY)
    },
    r"make each listed policy an AccessPolicy resource": _to("properties.accessPolicies", ...),
    r"use the unpinned type, or a version without -preview": _out,
    r"make a key for this account and bind it to that": _to(
        "keyUriWithVersion", KEY_URI.replace("/cmk/", "/second/")
    ),
    r"take encryption out of the account and add properties\.encryption to its ignoreChanges": _ignored,
    r"take one of them out of the program": _out,
    r"assign the role on the key \(or its vault\)": _to("scope", f"{VAULT_ID}/keys/cmk"),
    r"state principalType": _to("principalType", "ServicePrincipal"),
    r"move the one without data": _of("vault", {".location": account_props()["location"]}),
    r"use a vault of the account's own tenant": lambda *_: {
        "vault.properties.tenantId": vault_props()["properties"]["tenantId"],
        "grant.policy.tenantId": vault_props()["properties"]["tenantId"],
    },
    r"add azure-native's monitor\.DiagnosticSetting": lambda *_: {"audit": diagnostics()},
    r"list the permissions that are needed by name, and leave purge out": _without_purge,
    r"state the version \(KeyVersion gives the newest\)": lambda stack, name, _: (
        {f"{name}.keyUriWithVersion": KEY_URI}
        if "keyUriWithVersion" in stack[name].props
        else {f"{name}.{PARTS}.keyVersion": VERSION}
    ),
}
"""The words of a fix, from its beginning, and what its reader does."""


def _asked(rule: Rule, stack: Stack, config: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The fixes of a rule's violations, each after the name of the resource that it is about."""
    pack = Pack({rule.name: dict(config)}, levels={rule.name: "mandatory"}, rules=[rule])
    said: list[Answer]
    if rule.subject is RuleSubject.STEP:
        said = [answer for thing in stack.values() for answer in pack.ask(thing)]
    else:
        said = run(stack, pack)
    return [
        (answer.urn.rsplit("::", 1)[-1], answer.message.rpartition("\nfix: ")[2])
        for answer in said
        if answer.rule == rule.name and "\nfix: " in answer.message
    ]


def _stack(refused: Refused) -> Stack:
    return {thing.name: thing for thing in refused.things}


CASES: Mapping[tuple[str, str], tuple[Rule, Refused]] = {
    (rule.name, fix): (rule, refused)
    for rule in RULES
    for refused in reversed(REFUSED[rule.name])
    for _, fix in _asked(rule, _stack(refused), refused.config)
}
"""The first stack that each rule refuses with each fix."""
PLACES: Mapping[str, Mapping[str, int]] = {
    "fix": {"RuleFinding": 2, "_judge_part": 3, "Remedy": 1},
    "setting": {"Remedy": 2},
}
"""Where a fix stands in a call that does not name it: for a program's own resources, or in settings."""
NO_ROW = {
    "name a version: take keyUriWithVersion from a KeyVersion": "the provider says it, and no rule does",
}
"""Fixes that no stack of the tables is refused with, and why."""


@pytest.mark.parametrize("case", CASES, ids=" | ".join)
def test_the_words_of_a_violation_lead_out(case: tuple[str, str]) -> None:
    """In a program with resources of its own, until the rule has nothing to say."""
    rule, refused = CASES[case]
    stack, done = _stack(refused), list[tuple[str, str]]()
    for _ in range(MOST_ROUNDS):
        asked = _asked(rule, stack, refused.config)
        if not asked:
            break
        again = [one for one in asked if one in done]
        assert not again, f"after {done}, it is said still: {again}"
        done.append(asked[0])
        edits = _edits(stack, *asked[0])
        stack = edited({name: thing for name, thing in stack.items() if name not in edits}, edits)
    assert _asked(rule, stack, refused.config) == []


def _edits(stack: Stack, name: str, fix: str) -> Edits:
    for words, way in WAYS.items():
        if found := re.match(words, fix):
            return way(stack, name, found)
    raise AssertionError(f"nobody knows how to do this: {fix}")


def _fixes(tree: ast.Module, name: str = "fix") -> Iterator[str]:
    """The texts of the fixes that a module constructs: where they stand in a call, or are given to a name
    that does."""
    fixes: list[ast.expr] = []
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
            fixes += [keyword.value for keyword in call.keywords if keyword.arg == name]
            place = PLACES[name].get(call.func.id, len(call.args))
            fixes += call.args[place : place + 1]
    names = {node.id for fix in fixes for node in ast.walk(fix) if isinstance(node, ast.Name)}
    for node in ast.walk(tree):
        given = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            fixes += [node.value for target in given if isinstance(target, ast.Name) and target.id in names]
    for fix in fixes:
        yield from (text for _, text in _texts(fix) if " " in text)


SOURCES = (
    *(*(ROOT / "policies" / "rules").glob("*.py"), ROOT / "core" / "demands.py"),
    *(ROOT / "core" / name for name in ("judgements.py", "kind_limits.py")),
)
TEXTS = {
    name: {text for source in SOURCES for text in _fixes(ast.parse(source.read_text()), name)}
    for name in PLACES
}
"""The texts of all fixes in the source, with an X for each placeholder."""


def unmet(name: str, printed: Collection[str]) -> set[str]:
    """Those that no message which was printed has."""
    found = set()
    for text in TEXTS[name]:
        words = ".*".join(map(re.escape, text.split("X")))
        if not any(re.search(words, fix) for fix in printed):
            found.add(text)
    return found


def test_every_fix_of_a_rule_has_a_row() -> None:
    """Or a reason why there is none, by the text in the source."""
    assert unmet("fix", [fix for _, fix in CASES]) == {*NO_ROW}
