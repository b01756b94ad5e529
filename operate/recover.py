"""Repairing a stack's state after an update was killed, or after Azure's answer to a write was lost.

    python -m operate recover --stack dev [--yes]

It writes each resource that a killed update had begun to create into the state under its id, so that
`pulumi up` goes on. Then, or if no update was cut off, it lists each resource that the program declares and
Azure has, but the state lacks, also a role assignment that takes the place of one in the state; --yes writes
these into the state, too. `pulumi up` could create neither.

It changes nothing in Azure. It writes the state through `pulumi stack import`, keeps the state before in a
file, and leaves a locked stack alone. docs/runbooks/crash-recovery.md has all steps. It does not find out
whether Azure did create a resource that was cut off: the update that it names, with --refresh, drops the
resource if it is not there.

The engine itself finishes its own updates and deletes. It leaves creates to a person, and azure-native
refuses to create a resource that exists. `pulumi refresh --import-pending-creates` does not help: tried with
CLI 3.259, it forgets the operations without a read, and the next update creates the resources again.
"""

import argparse
import copy
import functools
import json
import os
import re
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml

from core import adapters, api_versions, arm_ids, commands, resource_types
from core.engine_values import UNKNOWN
from core.environment import RECOVERS
from core.login import Login
from core.values import Hidden
from operate import login
from operate.azure import LiveAzure, UnansweredError
from operate.stack import StackError, pulumi, told

OWN_PROVIDER = "azure-cmk:"
"""Resources whose create finds by itself what an earlier create has done, except for an access policy."""
FORMS: Mapping[str, str] = yaml.safe_load(Path(__file__).with_name("arm_id_forms.yaml").read_text("utf-8"))
"""The ARM id of each type, with the inputs that make it up in braces."""
BACKUPS = Path(".pulumi/recovery")
"""Where the states before a change are kept."""


_LATER = "its input {} comes from another resource that is missing"


class UnknownIdError(ValueError):
    """The id of a resource is not known; the message says why and what to do."""


@dataclass(frozen=True)
class PendingOperation:
    """An operation that was cut off, its kind (`creating`, ...), and its resource.

    `id` is the id that the resource has if it was created, `predecessor` the id of the resource that it
    replaces, and `problem` the reason why neither is known.
    """

    doing: str
    urn: str
    id: str = ""
    predecessor: str = ""
    problem: str = ""

    def __str__(self) -> str:
        what = f"{self.doing} {_label(self.urn)}"
        if self.problem:
            return f"{what}: {self.problem}"
        if not self.id:
            return f"{what}: `pulumi up` does it again"
        replaced = f"; it replaces {self.predecessor}, which `pulumi up` deletes" if self.predecessor else ""
        return f"{what}: `pulumi up` takes it over where it was created, as {self.id}{replaced}"


def run(arguments: argparse.Namespace) -> int:
    """The exit code is 0 when nothing is left to do but `pulumi up`, 1 when something is."""
    told: list[str] = []
    code = _recovered(arguments, told.append if arguments.json else functools.partial(print, flush=True))
    if arguments.json:
        print(json.dumps({"done": code == 0, "told": told}, indent=2))
    return code


def _recovered(arguments: argparse.Namespace, tell: Callable[[str], None]) -> int:
    stack = arguments.stack
    exported = _pulumi("export", stack)
    before, wanted = json.loads(exported), login.of_stack(stack)
    cloud = LiveAzure(wanted)
    after, cuts = resolved(before, wanted.subscription_id, functools.partial(_may_exist, cloud))
    if not cuts:
        tell(f"nothing of stack {stack} was cut off; asking `pulumi preview` what it would create")
        return _taken_in(stack, before, wanted, tell, saves=exported if arguments.yes else "")
    tell(f"{len(cuts)} operation(s) of stack {stack} were cut off:")
    for cut in cuts:
        tell(f"  {cut}")
    if any(cut.problem for cut in cuts):
        tell("nothing was changed")
        return 1
    tell(f"the state before is in {saved(stack, exported)}")
    _write(stack, after)
    tell(f"now run `{commands.refreshed(stack)}`")
    return 0


def _taken_in(
    stack: str, state: dict[str, Any], wanted: Login, tell: Callable[[str], None], *, saves: str
) -> int:
    """Takes existing resources into the state, round by round: a resource's name may come from another that
    is missing, and is known once that one is in the state. `saves` is the state to keep, "" if nothing may
    be changed. Returns the exit code of the command."""
    cloud, rounds = LiveAzure(wanted), 0
    while True:
        created, reasons = declared(stack)
        found, problems = missing(created, state, cloud, wanted.subscription_id)
        if not found:
            break
        tell("declared, not in the state, and existing in Azure:")
        for existing in found:
            tell(f"  {_label(existing['urn'])}: {existing['id']}")
        if not saves:
            unnamed = sum(_LATER.partition("{}")[2] in problem for problem in problems)
            later = f"; it then looks for {unnamed} more, whose names are known by then" if unnamed else ""
            command = commands.operate(f"recover --stack {stack} --yes")
            tell(f"to take these into the state, run `{command}`{later}; nothing was changed")
            return 1
        resources = state["deployment"].get("resources") or []
        added = completed(found, created, resources)
        if not added:
            raise StackError("a preview would create what the state has; look at `pulumi stack export`")
        for resource in added:
            _add(resource, resources)
        state["deployment"]["resources"] = resources
        if not rounds:
            tell(f"the state before is in {saved(stack, saves)}")
        _write(stack, state)
        rounds, state = rounds + 1, json.loads(_pulumi("export", stack))
    for problem in problems:
        tell(f"  {problem}")
    if reasons:
        told = filter(None, (reasons, commands.log_in_anew(reasons, stack)))
        raise StackError(f"the preview of stack {stack} failed: " + "\n".join(told))
    command = f"`{commands.refreshed(stack)}`"
    tell(f"now run {command}" if rounds else f"nothing that it would create exists already; run {command}")
    return 1 if problems else 0


def resolved(
    document: Mapping[str, Any],
    subscription_id: str,
    exists: Callable[[Mapping[str, Any], str], bool] = lambda _state, _id: True,
) -> tuple[dict[str, Any], Sequence[PendingOperation]]:
    """An exported state with every operation resolved, and the operations that were cut off.

    `subscription_id` is the login's, for resources whose own provider does not name one. A create is recorded
    unless Azure is known to lack the resource: `exists` asks, by the resource's state and id. If one
    operation has a problem, the state stays as it was.
    """
    after: dict[str, Any] = copy.deepcopy(dict(document))
    deployment = after["deployment"]
    resources: list[dict[str, Any]] = deployment.get("resources") or []
    cuts = []
    for operation in deployment.get("pending_operations") or []:
        created, doing = operation["resource"], operation["type"]
        finds = created["type"].startswith(OWN_PROVIDER) and created["type"] not in FORMS
        if doing != "creating" or finds:
            cuts.append(PendingOperation(doing, created["urn"]))
            continue
        try:
            id = _id(created, resources, subscription_id)
        except UnknownIdError as error:
            cuts.append(PendingOperation(doing, created["urn"], problem=str(error)))
            continue
        if not exists(created, id):
            cuts.append(PendingOperation(doing, created["urn"]))
            continue
        cuts.append(PendingOperation(doing, created["urn"], id, _add(_as_recorded(created, id), resources)))
    if any(cut.problem for cut in cuts):
        return copy.deepcopy(dict(document)), cuts
    deployment["resources"] = resources
    deployment.pop("pending_operations", None)
    return after, cuts


def declared(stack: str) -> tuple[list[dict[str, Any]], str]:
    """The steps of a preview that would create something, and why the preview failed, "" if it did not.

    A preview that fails may still name missing resources: the engine refuses to replace a protected
    resource, as it would without its resource group.
    """
    done = pulumi("preview", "--json", "--stack", stack, environment={RECOVERS: "true"})
    try:
        steps = json.loads(done.stdout)
    except ValueError:
        steps = {}
    reasons = ""
    if done.code != 0:
        said = [str(one.get("message", "")).strip() for one in steps.get("diagnostics") or ()]
        reasons = "\n".join(filter(None, said)) or done.stderr.strip() or "it gives no reason"
    return [step["newState"] for step in steps.get("steps") or () if _is_made(step)], reasons


def _is_made(step: Mapping[str, Any]) -> bool:
    """Whether a step of a preview creates what may exist. Of a replacement that is a role assignment alone:
    of all else, a successor that is taken over would have its predecessor deleted with its data."""
    if step["op"] == "replace":
        return bool(step["newState"]["type"] == resource_types.ROLE_ASSIGNMENT)
    return bool(step["op"] == "create")


def missing(
    created: Sequence[Mapping[str, Any]],
    document: Mapping[str, Any],
    cloud: LiveAzure,
    subscription_id: str,
) -> tuple[list[dict[str, Any]], list[str]]:
    """The existing ones of the resources that a preview would create, in the state's form, and, for each that
    Azure gave no answer about, the reason."""
    resources = document["deployment"].get("resources") or []
    found, problems = [], []
    for state in created:
        if state["type"] not in FORMS or state.get("external"):
            continue
        try:
            id = _id(state, [*resources, *created], subscription_id)
            if _exists(cloud, state, id):
                kept = {name: state[name] for name in _KEPT if name in state}
                found.append(_as_recorded({**kept, "custom": True}, id))
        except (UnknownIdError, UnansweredError) as error:
            problems.append(f"{_label(state['urn'])}: whether it exists is not known: {error}")
    return found, problems


def completed(
    found: Sequence[Mapping[str, Any]],
    created: Sequence[Mapping[str, Any]],
    resources: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """The additions to a state besides its `resources`: the resources found in Azure, each below the
    components and after the provider that a preview would create for it, because a lost state lacks these,
    too. Nothing of a service of which nothing was found."""
    ids = {kept["urn"]: kept.get("id") for kept in resources if not kept.get("delete")}
    needed = {
        made["urn"]: made for made in created if not made.get("custom") or made["type"].startswith(_PROVIDER)
    }
    added: list[dict[str, Any]] = []

    def add(state: Mapping[str, Any]) -> None:
        if state["urn"] in ids:
            return
        if above := needed.get(state.get("parent", "")):
            add(_without_id(above))
        if named := state.get("provider"):
            provider = resource_types.provider_of(named)
            # A provider that no program declares is not among the steps of a preview.
            add(_without_id(needed.get(provider, {"urn": provider})))
            state = {**state, "provider": resource_types.provider_reference(provider, str(ids[provider]))}
        ids[state["urn"]] = state.get("id")
        added.append(dict(state))

    for state in found:
        is_role = state["type"] == resource_types.ROLE_ASSIGNMENT
        if is_role and not arm_ids.same(str(ids.get(state["urn"])), state["id"]):
            # It is the successor of what the state has, which stays there until it is deleted.
            ids.pop(state["urn"], None)
        add(state)
    return [_without_dependencies(state, ids) for state in added]


def _without_id(state: Mapping[str, Any]) -> dict[str, Any]:
    """A component, or a provider with a new id. A preview shows the settings of a provider that are not
    secret. It shows none of a default provider, whose name has its version."""
    urn = resource_types.parse_urn(state["urn"])
    kept = {name: state[name] for name in _KEPT if name in state} | {"type": urn.type, "custom": False}
    if not urn.type.startswith(_PROVIDER):
        return kept
    inputs = {
        name: value for name, value in (state.get("inputs") or {}).items() if value != Hidden.SECRET.value
    }
    if version := _VERSION_OF_DEFAULT.fullmatch(urn.name):
        inputs["version"] = ".".join(version.groups())
    return {**kept, "custom": True, "id": str(uuid4()), "inputs": inputs, "outputs": inputs}


def _without_dependencies(state: dict[str, Any], known: Collection[str]) -> dict[str, Any]:
    """The resource without those dependencies that the state lacks: the next update writes them."""
    by_property = {}
    for name, urns in (state.get("propertyDependencies") or {}).items():
        by_property[name] = [urn for urn in urns or () if urn in known]
    named = [urn for urn in state.get("dependencies") or () if urn in known]
    return {**state, "dependencies": named, "propertyDependencies": by_property}


def _as_recorded(state: Mapping[str, Any], id: str) -> dict[str, Any]:
    """A resource in the form of a created one, with outputs: by these the program looks up its account
    before the refresh of the same update has read them."""
    outputs = {**(state.get("inputs") or {}), **(state.get("outputs") or {})}
    return {**state, "id": id, "outputs": {**outputs, "id": id, "name": arm_ids.name_of(id)}}


_KEPT = ("urn", "type", "inputs", "parent", "provider", "dependencies", "propertyDependencies", "protect")
_PROVIDER = "pulumi:providers:"
_VERSION_OF_DEFAULT = re.compile(r"default_(\d+)_(\d+)_(\d+)")
"""The engine's name for a provider that a program does not declare, with the version of its SDK."""


def _exists(cloud: LiveAzure, state: Mapping[str, Any], id: str) -> bool:
    try:
        if state["type"] == resource_types.ACCESS_POLICY:
            vault_id, _, object_id = id.rpartition("/accessPolicy/")
            vault = adapters.vault(cloud.get(vault_id, api_versions.VAULTS))
            return vault.policy_of(object_id) is not None
        cloud.get(id, state["inputs"]["azureApiVersion"])
    except UnansweredError as error:
        if str(error).startswith("404 "):
            return False
        raise
    return True


def _may_exist(cloud: LiveAzure, state: Mapping[str, Any], id: str) -> bool:
    """Whether Azure has a resource; true, too, if Azure gives no answer."""
    try:
        return "azureApiVersion" not in state["inputs"] or _exists(cloud, state, id)
    except UnansweredError:
        return True


def arm_id(type: str, inputs: Mapping[str, Any], subscription_id: str) -> str:
    """The id that a resource has if it was created. Raises UnknownIdError."""
    form = FORMS.get(resource_types.current(type))
    if form is None:
        raise UnknownIdError(
            f"the id of a {type} is not known here; check whether it was created, then `pulumi import` it, "
            "with --parent where it is below a component"
        )

    def value(match: re.Match[str]) -> str:
        if match[1] == "subscriptionId":
            stated = inputs.get("subscriptionId")
            if stated == UNKNOWN:
                raise UnknownIdError(_LATER.format("subscriptionId"))
            subscription = stated if isinstance(stated, str) and stated else subscription_id
            if not subscription:
                raise UnknownIdError("the subscription is not known; set ARM_SUBSCRIPTION_ID")
            return subscription
        found: Any = inputs
        for word in match[1].split("."):
            found = found.get(word) if isinstance(found, Mapping) else None
        if found == UNKNOWN:
            raise UnknownIdError(_LATER.format(match[1]))
        if not isinstance(found, str) or not found:
            raise UnknownIdError(f"its input {match[1]} is {found!r}, not text; check whether it was created")
        return found.strip("/")

    return re.sub(r"\{([\w.]+)\}", value, form)


def _id(state: Mapping[str, Any], resources: Sequence[Mapping[str, Any]], subscription_id: str) -> str:
    """The id of a resource, in the subscription that its provider names, else in that of the provider's other
    resources, else in the login's. Raises UnknownIdError."""
    reference = str(state.get("provider", ""))
    of_provider = (
        str((one.get("inputs") or {}).get("subscriptionId") or "")
        for one in resources
        if reference and one["urn"] == resource_types.provider_of(reference)
    )
    of_others = (
        arm_ids.subscription_of(str(one.get("id", "")))
        for one in resources
        if reference and one.get("provider") == reference
    )
    subscription = next(filter(None, (*of_provider, *of_others)), subscription_id)
    if subscription in (UNKNOWN, Hidden.SECRET.value):
        raise UnknownIdError(f"the subscriptionId of its provider {reference} is not shown")
    return arm_id(state["type"], state.get("inputs") or {}, subscription)


def _add(created: dict[str, Any], resources: list[dict[str, Any]]) -> str:
    """Adds a resource to a state. Returns the id of the resource that it replaces, if any."""
    for place, present in enumerate(resources):
        if present["urn"] != created["urn"] or present.get("delete"):
            continue
        if arm_ids.same(str(present.get("id", "")), created["id"]):
            # Deleted before its replacement of the same id was begun: the id now names the replacement.
            if present.pop("pendingReplacement", False):
                present.update(created)
            return ""
        # As the engine itself writes it between the two halves of a replacement.
        present["delete"] = True
        resources.insert(place, created)
        return str(present.get("id", ""))
    # The dependencies of a resource are in the state before its create begins.
    resources.append(created)
    return ""


def _write(stack: str, state: Mapping[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as private:
        file = Path(private, "state.json")
        file.write_text(json.dumps(state), encoding="utf-8")
        _pulumi("import", stack, "--file", str(file))


def saved(stack: str, exported: str, folder: Path = BACKUPS) -> Path:
    """A copy of a state, in a new file that only its owner can read."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    path = folder / f"{stack.replace('/', '-')}-{moment}.json"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(exported)
    return path


def _pulumi(verb: str, stack: str, *words: str) -> str:
    return told(stack, f"`pulumi stack {verb}` failed", "stack", verb, *words)


def _label(urn: str) -> str:
    return resource_types.parse_urn(urn).label
