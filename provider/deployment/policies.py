"""What Azure Policy changes of what is about to be made or changed; Azure's validation tells what it denies.

Sources: Microsoft.PolicyInsights checkPolicyRestrictions 2024-10-01 (azure-rest-api-specs): the content is
judged as it would be sent; `fieldRestrictions` say of the `pendingFields` which value policy will set
(`Required`, with `policyEffect` modify or append) or that it takes them away (`Removed`). That modify shows
there also for a value that was given is assumed. What deployIfNotExists does comes after the write and is
not looked for: where it changes what a stack declares, the next preview tells.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core import arm_ids
from core.api_versions import ACCOUNTS, POLICY_RESTRICTIONS, VAULTS
from provider.deployment.model import (
    CREATE,
    GROUP,
    UPDATE,
    DeploymentFinding,
    Planned,
    PolicyChange,
    Report,
    Unchecked,
    subscription_scope,
)
from provider.deployment.questions import Questions, UnansweredQuestionError

NAME: Final = "policies"
WHAT: Final = "whether a policy changes it"
CHECK: Final = "Microsoft.PolicyInsights/checkPolicyRestrictions"
_CHANGING: Final = ("modify", "append")
_FIELDS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    arm_ids.ACCOUNT: (ACCOUNTS, ("publicNetworkAccess", "disableLocalAuth", "networkAcls.defaultAction")),
    arm_ids.VAULT: (
        VAULTS,
        (
            "publicNetworkAccess",
            "networkAcls.defaultAction",
            "networkAcls.bypass",
            "enableRbacAuthorization",
        ),
    ),
}
"""The properties that a policy may change, of which the built-in definitions have aliases."""
_SETTINGS: Final[Mapping[tuple[str, str], str]] = {
    ("publicnetworkaccess", "disabled"): "network.access: closed or private",
    ("publicnetworkaccess", "enabled"): "network.access: selected or open",
    ("networkacls.defaultaction", "deny"): "network.access: closed, private or selected",
    ("networkacls.defaultaction", "allow"): "network.access: open",
    ("enablerbacauthorization", "true"): "accessModel: rbac",
    ("enablerbacauthorization", "false"): "accessModel: accessPolicy",
}
"""The settings that declare a value of a property."""
_BREAKS: Final[Mapping[tuple[str, str], str]] = {
    ("enablerbacauthorization", "true"): "access policies then give no access to the key",
    ("enablerbacauthorization", "false"): "role assignments then give no access to the key",
    ("networkacls.bypass", "none"): "the account then cannot reach the key",
}
"""The changes with which an account cannot use its key, so that the update fails."""
Evaluation = Mapping[str, Any]


@dataclass(frozen=True)
class _Change:
    """What an assignment makes of a field: a value, or None where it takes a tag away."""

    assignment: str
    effect: str
    field: str
    value: str | None


async def check(plan: Sequence[Planned], ask: Questions) -> Report:
    """The changes that policies make, a finding where an account could then not use its key. Bodies that
    differ in their name alone, in groups that are yet to be made, are asked about once."""
    # Policies change what has a region.
    written = [one for one in plan if one.action in (CREATE, UPDATE) and one.location]
    changes: dict[tuple[str, _Change], list[Planned]] = {}

    async def judge(one: Planned) -> Report:
        # An account that has its key keeps it in each write.
        content = one.bound if one.action == UPDATE and one.bound is not None else one.content
        try:
            for field, restriction in await _restrictions(one, content, ask):
                if change := _change(field, restriction, content):
                    changes.setdefault((one.group_id.lower(), change), []).append(one)
        except UnansweredQuestionError as unanswered:
            # Which fields Azure takes there is documented by examples alone.
            return Report(unchecked=(Unchecked(NAME, WHAT, str(unanswered)),))
        return Report()

    report = sum(await asyncio.gather(*map(judge, written)), Report())
    told, broken = [], []
    for (_, change), members in changes.items():
        one = _told(change, members)
        if why := _BREAKS.get((_name(change.field).lower(), (change.value or "").lower())):
            broken.append(DeploymentFinding(NAME, one.id, f"{one.text}, and {why}", one.fix))
        else:
            told.append(one)
    return report + Report(tuple(broken), changes=tuple(told))


async def _restrictions(
    one: Planned, content: Mapping[str, Any], ask: Questions
) -> list[tuple[str, Evaluation]]:
    """What policies say of the fields of a resource that they may change."""
    exists = await ask.group_exists(one.group_id)
    body = dict(content)
    scope = one.group_id if exists and one.type != GROUP else subscription_scope(one.id)
    version, names = _FIELDS.get(one.type, ("", ()))
    within: dict[str, Any] = {"apiVersion": version} if version else {}
    if not exists:
        body.pop("name", None)
    elif one.type != GROUP and one.type.count("/") > 1:
        within["scope"] = arm_ids.parse(one.id).parent.text
    pending = [{"field": "tags"}, *_pending(one.type, names, content)]
    question = {"resourceDetails": {"resourceContent": body, **within}, "pendingFields": pending}
    answer = await ask.post(arm_ids.child(scope, CHECK), POLICY_RESTRICTIONS, _plain(question))
    return [
        (str(field.get("field")), restriction)
        for field in answer.get("fieldRestrictions") or ()
        for restriction in field.get("restrictions") or ()
    ]


def _plain(body: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(body))


def _pending(type: str, names: Iterable[str], content: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The properties that a policy may change, with the values that are declared."""
    for name in names:
        value = _declared(content, name)
        if value is not None:
            yield {"field": f"{type}/{name}", "values": [value]}


def _declared(content: Mapping[str, Any], path: str) -> str | None:
    """A property as a text; None where it is not declared."""
    value: Any = content.get("properties") or {}
    for word in path.split("."):
        value = value.get(word) if isinstance(value, Mapping) else None
    return None if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _change(field: str, restriction: Evaluation, content: Mapping[str, Any]) -> _Change | None:
    """What a policy makes of a field; None where that is what is declared, or where it only denies."""
    result, effect = str(restriction.get("result")).lower(), str(restriction.get("policyEffect") or "")
    if result not in ("required", "removed") or (effect and effect.lower() not in _CHANGING):
        return None
    assignment = str((restriction.get("policy") or {}).get("policyAssignmentId") or "")
    value = restriction.get("defaultValue")
    name = _name(field)
    if result == "required" and value is None:
        return None  # it denies what is not of certain values
    tags = {word.lower(): str(one) for word, one in (content.get("tags") or {}).items()}
    declared = tags.get(name.lower()) if _is_tag(field) else _declared(content, name)
    made = None if result == "removed" else str(value)
    if (made or "").lower() == (declared or "").lower():
        return None
    return _Change(assignment, effect or "Modify", field, made)


def _name(field: str) -> str:
    """A tag's name, or a property's path."""
    return field.partition(".")[2] if _is_tag(field) else field.rpartition("/")[2]


def _is_tag(field: str) -> bool:
    return field.lower().startswith("tags.")


def _told(change: _Change, members: Sequence[Planned]) -> PolicyChange:
    """A change in words, with the setting that declares what policy makes of it."""
    one, name = members[0], change.field.rpartition("/")[2]
    if _is_tag(change.field):
        tag = change.field.partition(".")[2]
        does = f"removes the tag {tag}" if change.value is None else f"sets the tag {tag} to {change.value!r}"
        setting = (
            f"remove {tag} from tags" if change.value is None else f"set tags: {{{tag}: {change.value!r}}}"
        )
    else:
        declared = _declared(one.content, name)
        does = f"sets {name} to {change.value!r}" + (f", not {declared!r}" if declared else "")
        found = _SETTINGS.get((name.lower(), str(change.value).lower()))
        setting = f"set {found}" if found else ""
    labels = ", ".join(dict.fromkeys(member.label for member in members))
    text = (
        f"Azure Policy changes {labels} on every write, so no update can make it what the stack declares: "
        f"assignment {change.assignment} ({change.effect.capitalize()}) {does}"
    )
    ways = [f"{setting}, which declares what Azure has"] if setting else []
    return PolicyChange(one.id, text, ", or ".join([*ways, _exemption(one, change.assignment)]))


def _exemption(one: Planned, assignment: str) -> str:
    """How the owner of an assignment lets what is about to be made pass."""
    scope = one.group_id if one.type != GROUP else subscription_scope(one.id)
    return (
        "have its owner exempt this with `az policy exemption create --name language-cmk "
        f"--policy-assignment {assignment} --exemption-category Waiver --scope {scope}`"
    )
