"""The revocation drill: it takes a service's access to its key away for some minutes, and gives it back.

    python -m operate revoke --drill --stack dev [--service NAME] [--minutes 15]

It measures how long the data can still be read, and how long it takes to be readable again, and records both
in a tag of the stack, where the evidence finds them. It runs only on a stack whose configuration allows it,
and never if a revocation deletes data. Whatever happens in between, the drill gives the access back.
"""

import argparse
import json
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from azure.core.exceptions import HttpResponseError

from core import adapters, arm_ids, clouds, documents, facts
from core.api_versions import ACCOUNTS, AUTHORIZATION, KEYS, VAULTS
from core.facts import Account
from core.service.outputs import ServiceOutputs
from operate import login
from operate.errors import DeclinedError, OperateError
from operate.evidence.model import Drill
from operate.revoke import NoAccessError, actions, require_granted
from operate.stack import outputs, pulumi, services
from operate.verify import REFUSED, Projects, data_answer
from provider.azure_client import AzureClient

ALLOWED = "operate:drill"
"""The key of a stack's configuration that allows drills; its value is then `allowed`."""
TAG = "drill"
"""The stack's tag for the last drill. In a stack of several services it ends in `:NAME`."""
_TRIES, _PAUSE_SECONDS = 6, 10.0
_ENDS = tuple(one for one in signal.Signals if one.name in ("SIGINT", "SIGTERM", "SIGHUP"))
"""Ctrl-C, the end of a CI job, a lost connection. Windows has no SIGHUP."""
_KEPT = ("roleDefinitionId", "principalId", "principalType", "condition", "conditionVersion", "description")


class DrillError(OperateError):
    """Access was not given back; the message has the commands that do it, and `drill` the measured times."""

    exit_code = 1

    def __init__(self, message: str, drill: Drill) -> None:
        super().__init__(message)
        self.drill = drill


Call = tuple[str, str, Mapping[str, Any] | None]
"""A request to Azure: its method, address and body."""


def run(arguments: argparse.Namespace) -> int:
    """Drills one service after another; the exit code is 1 if one did not hold, or access is not back."""
    stack, seconds = arguments.stack, 60 * arguments.minutes
    found = services(outputs(stack), arguments.service)
    require_allowed(stack)
    for own in found.values():
        require_granted(own)
        require_harmless(own)
    told, held = [], True
    for name, own in found.items():
        wanted = login.of_stack(stack, clouds.of_endpoint(own.endpoint))
        client = AzureClient(wanted, retries=6)
        require_alone(client, own)
        projects = Projects(own.endpoint, login.token_credential(wanted))
        try:
            drill = replace(drilled(client, projects, own, seconds=seconds), service=name)
        except DrillError as error:
            with suppress(OperateError):
                record(stack, replace(error.drill, service=name))
            raise
        record(stack, drill)
        told.append(drill)
        held = held and drill.refused_after is not None and drill.readable_after is not None
        if not arguments.json:
            print(f"{own.account_id}\n  {said(drill)}")
    if arguments.json:
        print(json.dumps([as_tag(one) for one in told], indent=2))
    return 0 if held else 1


def require_allowed(stack: str) -> None:
    """Raises DeclinedError unless the stack's configuration allows drills."""
    if pulumi("config", "get", ALLOWED, "--stack", stack).stdout.strip() != "allowed":
        raise DeclinedError(
            f"stack {stack} does not allow drills, which make its data unreadable for minutes. "
            f"To allow them, `pulumi config set {ALLOWED} allowed --stack {stack}`, and have that reviewed"
        )


def require_harmless(own: ServiceOutputs) -> None:
    """Raises NoAccessError if a revocation deletes data, or if nobody could see that the revocation
    counts."""
    if own.deletes:
        raise NoAccessError(f"no drill of {own.account_id}: Azure then {own.deletes}, for good")
    if not own.endpoint:
        raise NoAccessError(f"the outputs name no endpoint of {own.account_id}, so nobody could see its data")


def require_alone(client: AzureClient, own: ServiceOutputs) -> None:
    """Raises NoAccessError if another account has the identity, too, and would lose its key with it; and
    AzureError. Does not find accounts that the login cannot see, nor those in other subscriptions."""
    subscription = arm_ids.subscription_of(own.account_id)
    path = arm_ids.of_subscription(subscription, arm_ids.ACCOUNT)
    seen = map(adapters.account, client.pages(f"{path}?api-version={ACCOUNTS}"))
    holders = [account.id for account in seen if _has_identity(account, own.principal_id.lower())]
    if holders:
        print(
            f"drill: only subscription {subscription} was searched for other accounts with this identity; "
            "one in another subscription would lose its key, too",
            file=sys.stderr,
        )
    if others := [id for id in holders if not arm_ids.same(id, own.account_id)]:
        raise NoAccessError(
            f"no drill: {own.account_id} shares its identity with {', '.join(others)}, which would lose the "
            "key, too"
        )


def _has_identity(account: Account, principal_id: str) -> bool:
    """Whether an account has a user-assigned identity."""
    return principal_id in {identity.principal_id.lower() for identity in account.user_assigned}


def drilled(client: AzureClient, projects: Projects, own: ServiceOutputs, *, seconds: float) -> Drill:
    """Takes access away until the data is refused, for `seconds` at most, and gives it back, even if it is
    interrupted. Raises DeclinedError if the data cannot be read to begin with, DrillError if access is not
    back, and AzureError."""
    take, give = calls(client, own)
    if (answer := data_answer(projects)) != "200":
        raise DeclinedError(f"the data of {own.account_id} cannot be read before the drill: {answer}")
    (restore,) = actions(own)["restore"]
    print(f"drill: should this process die, give access back with\n  {restore}", file=sys.stderr, flush=True)
    who, began = client.principal().object_id, datetime.fromtimestamp(int(client.answered_at), UTC)
    held, refused, taken = _HeldSignals(), None, True
    with held:
        try:
            try:
                held.raises = True
                try:
                    client.json(*take)
                except HttpResponseError as error:
                    # A login that may not take access away may not give it back either, and need not.
                    taken = error.status_code not in (401, 403)
                    raise
                refused = _seconds_until(REFUSED, projects, seconds)
            finally:
                held.raises = False
        finally:
            # From here on nothing interrupts the drill until access is back.
            failed = _not_given_back(client, give, tries=_TRIES if taken else 1)
            if failed and (taken or not _is_as_before(client, own, give)):
                said = f"ACCESS WAS NOT GIVEN BACK ({failed}). Do it now:\n  {restore}"
                raise DrillError(said, Drill("", began, refused, None, who)) from failed
        held.end_if_asked()
        held.raises = True
        readable = _seconds_until("200", projects, seconds)
    return Drill("", began, refused, readable, who)


def calls(client: AzureClient, own: ServiceOutputs) -> tuple[Call, Call]:
    """The calls that take a service's access away, and those that give it back as Azure has it now. Raises
    NoAccessError if there is no such access, and AzureError."""
    if own.is_role or own.key.in_managed_hsm:
        in_hsm = own.key.in_managed_hsm
        url = _hsm_role(client, own) if in_hsm else f"{own.grant_id}?api-version={AUTHORIZATION}"
        properties, kept = client.json("GET", url)["properties"], _KEPT[:2] if in_hsm else _KEPT
        body = {"properties": {name: properties[name] for name in kept if properties.get(name)}}
        return ("DELETE", url, None), ("PUT", url, body)
    vault = adapters.vault(client.json("GET", f"{own.vault_id}?api-version={VAULTS}"))
    policy = vault.policy_of(own.principal_id)
    if policy is None:
        raise NoAccessError(f"the vault has no access policy of {own.account_id}: run `pulumi up` first")
    url = f"{own.vault_id}/accessPolicies/{{}}?api-version={VAULTS}"
    body = {"properties": {"accessPolicies": [policy.body]}}
    return ("PUT", url.format("remove"), body), ("PUT", url.format("add"), body)


def _hsm_role(client: AzureClient, own: ServiceOutputs) -> str:
    """The URL of the only role that the service's identity has at its key in a managed HSM: the stack's
    output stands for all of them, whatever their names."""
    scope = f"/keys/{own.key.name}"
    roles = f"{own.key.vault_uri.rstrip('/')}{scope}/providers/{arm_ids.ROLE_ASSIGNMENT}"
    listed = client.pages(f"{roles}?api-version={KEYS}")
    found = (adapters.local_role_assignment(own.vault_id, one) for one in listed)
    key_id = facts.key_id(own.vault_id, own.key.name)
    held = [one.id for one in found if one.is_for(own.principal_id, key_id)]
    if len(held) != 1:
        listing = f"az keyvault role assignment list --hsm-name {own.key.vault_name} --scope {scope}"
        what = f"keep one of those that `{listing}` prints" if held else "run `pulumi up` first"
        raise NoAccessError(f"{own.account_id} has {len(held)} roles at its key, and needs one: {what}")
    return f"{roles}/{arm_ids.name_of(held[0])}?api-version={KEYS}"


def record(stack: str, drill: Drill) -> None:
    """Sets the stack's tag. Raises OperateError."""
    name = f"{TAG}:{drill.service}" if drill.service else TAG
    done = pulumi("stack", "tag", "set", name, json.dumps(as_tag(drill)), "--stack", stack)
    if done.code != 0:
        raise OperateError(f"the drill was not recorded ({said(drill)}): {done.stderr.strip()}")


def as_tag(drill: Drill) -> dict[str, Any]:
    """The text of a drill's tag."""
    return {
        "time": f"{drill.time:%Y-%m-%dT%H:%M:%SZ}",
        "refusedAfter": drill.refused_after,
        "readableAfter": drill.readable_after,
        "by": drill.by,
    }


def from_tags(tags: Mapping[str, str]) -> Iterator[Drill]:
    """The drills that a stack's tags record. Raises ValueError and KeyError."""
    for name, text in sorted(tags.items()):
        tag, _, service = name.partition(":")
        if tag == TAG:
            one = documents.of_json(text)
            time = datetime.fromisoformat(one["time"])
            yield Drill(service, time, one["refusedAfter"], one["readableAfter"], one["by"])


def said(drill: Drill) -> str:
    """The measured times of a drill, in words."""
    times = ((drill.refused_after, "refused"), (drill.readable_after, "readable again"))
    return ", ".join(f"{what} after {s:g} s" if s is not None else f"not {what} in time" for s, what in times)


def _seconds_until(wanted: str, projects: Projects, seconds: float) -> float | None:
    """Seconds until the data gave the wanted answer; None if it did not in time."""
    began = time.monotonic()
    while (answer := data_answer(projects)) != wanted:
        if answer not in ("200", REFUSED):
            print(f"drill: {answer}", file=sys.stderr)
        if (passed := time.monotonic() - began) + _PAUSE_SECONDS > seconds:
            return None
        time.sleep(min(max(passed / 10, 1.0), _PAUSE_SECONDS))
    return round(time.monotonic() - began, 1)


def _not_given_back(client: AzureClient, give: Call, *, tries: int) -> Exception | None:
    """Gives access back, in several tries if need be. Returns why it is not back after the last try."""
    failed: Exception | None = None
    for attempt in range(tries):
        try:
            client.json(*give)
        except Exception as error:  # noqa: BLE001 - whatever it was, access has to come back
            failed = error
            time.sleep(_PAUSE_SECONDS * attempt)
        else:
            return None
    return failed


def _is_as_before(client: AzureClient, own: ServiceOutputs, give: Call) -> bool:
    try:
        return calls(client, own)[1] == give
    except Exception:  # noqa: BLE001 - what cannot be read is not known to be there
        return False


class _HeldSignals:
    """Handles Ctrl-C and the signals that end a process, within a `with`: while `raises` is set, the first
    raises KeyboardInterrupt; otherwise they are kept until `end_if_asked`."""

    def __init__(self) -> None:
        self.raises, self._asked = False, False
        self._before: dict[signal.Signals, Any] = {}

    def __call__(self, *_: object) -> None:
        self._asked = True
        if self.raises:
            self.raises = False
            raise KeyboardInterrupt

    def end_if_asked(self) -> None:
        if self._asked:
            raise KeyboardInterrupt

    def __enter__(self) -> None:
        for one in _ENDS:
            self._before[one] = signal.signal(one, self)

    def __exit__(self, *_: object) -> None:
        self.raises = False
        for one, known in self._before.items():
            signal.signal(one, known)
