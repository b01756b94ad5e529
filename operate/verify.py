"""Proof, from the cloud itself, that an account's data is under the customer's key: it can be read, or, where
access is revoked, it cannot.

    python -m operate verify --stack dev [--write-project [--if-reached]] [--revoked] [--minutes 15]

Compares account and vault with the stack's outputs, and uses the account's data. Works on any stack.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError, HttpResponseError, ServiceRequestError
from azure.core.rest import HttpRequest, HttpResponse

from core import adapters, api_versions, clouds, demands, key_uris, kinds, roles
from core.facts import KEY_VAULT_SOURCE, Encryption, Network
from core.key_uris import KeyUri
from core.login import Login
from core.service.desired import REVOKED
from core.service.outputs import ServiceOutputs
from operate import login
from operate.azure import LiveAzure, UnansweredError
from operate.stack import outputs, services, without
from provider.azure_client import pipeline

_BY_ITSELF = "the newest, by itself"
_NEEDED = ("account_id", "endpoint", "vault_id", "key_uri_with_version")
_PROJECT = "customer-managed-key-proof"
_DELETION_SECONDS = 60
REFUSED = "403, because the key cannot be used"
"""The answer of `data_answer` if the key is the reason."""
_PAUSE_SECONDS = 5.0
"""The pause between two reads that wait for a refusal; later a tenth of the time that has passed, because the
service can remember a key for an hour, and each read counts against its limit of calls."""
_LONGEST_PAUSE_SECONDS = 60.0
_PROJECT_CLAIM = "project written and read"
_REVOKED_CLAIM = "revoked: data answers"
_ABOUT: Mapping[str, Sequence[str]] = {
    "the network": ("virtual network", "firewall", "public access is disabled"),
    "the caller": ("data action", "permissiondenied"),
}
"""Words of a refusal that is about the network, or about a caller without a role, and so proves nothing about
the key."""


@dataclass(frozen=True)
class Check:
    """One thing that must hold: what was expected, and what the cloud answered. `kept_out`: it did not begin,
    because of a network or a missing role, which is no failure and says nothing of the key."""

    claim: str
    expected: str
    found: str
    kept_out: bool = False

    @property
    def holds(self) -> bool:
        return self.expected.casefold() == self.found.casefold()

    def __str__(self) -> str:
        if self.kept_out:
            return f"  ?       {self.claim}: not tried; {self.found}"
        if self.holds:
            return f"  ok      {self.claim}: {self.found}"
        return f"  FAILED  {self.claim}: found {self.found or 'nothing'}, expected {self.expected}"


def _head(account: str) -> str:
    if not account:
        return "Proof:"
    return f"Proof, read back from the account {account}:"


def run(arguments: argparse.Namespace) -> int:
    """Prints every check; the exit code is 0 only if all of them held."""
    found = services(outputs(arguments.stack)).values()
    endpoint = next((one.endpoint for one in found if not unprovable(one)), "")
    wanted = login.of_stack(arguments.stack, clouds.of_endpoint(endpoint)) if endpoint else Login()
    options = {"write_project": arguments.write_project, "if_reached": arguments.if_reached}
    told: list[dict[str, Any]] = []
    for service in found:
        account = service.account_id
        checked = replace(service, access=REVOKED) if arguments.revoked else service
        if not arguments.json:
            print(_head(account))
        for check in verify(checked, wanted, seconds=60 * arguments.minutes, **options):
            holds = None if check.kept_out else check.holds
            sides = {"claim": check.claim, "expected": check.expected, "found": check.found}
            told.append({"account": account, **sides, "holds": holds})
            if not arguments.json:
                print(check, flush=True)
    if arguments.json:
        print(json.dumps(told, indent=2))
    return 1 if any(one["holds"] is False for one in told) else 0


def verify(
    service: ServiceOutputs,
    wanted: Login,
    *,
    write_project: bool = False,
    if_reached: bool = False,
    seconds: float,
) -> Iterator[Check]:
    """All checks of a service, one after another; that the cloud does not answer is one that fails. With
    `if_reached`, that this machine is kept out of the account is no failure."""
    if problem := unprovable(service):
        yield Check("the service", "an account under your key", problem)
        return
    try:
        yield from _checks(
            service, wanted, write_project=write_project, if_reached=if_reached, seconds=seconds
        )
    except (AzureError, UnansweredError) as error:
        yield Check("the cloud", "an answer", f"no answer: {error}")


def _checks(
    service: ServiceOutputs, wanted: Login, *, write_project: bool, if_reached: bool, seconds: float
) -> Iterator[Check]:
    cloud = LiveAzure(wanted)
    account = adapters.account(cloud.get(service.account_id, api_versions.ACCOUNTS))
    yield from binding(account.encryption, service.key)
    vault = adapters.vault(cloud.get(service.vault_id, api_versions.VAULTS))
    unmet = {one.demand: one.found for one in demands.judge(None, vault, None)}
    for demand in ("soft-delete", "purge-protection"):
        yield Check(f"{demand.replace('-', ' ')} of the {vault.noun}", "True", unmet.get(demand, "True"))
    projects = Projects(service.endpoint, login.token_credential(wanted))
    is_revoked, kind = service.is_revoked, kinds.find(account.kind)
    if kind and not kind.language and (is_revoked or write_project):
        claim, expected = (_REVOKED_CLAIM, REFUSED) if is_revoked else (_PROJECT_CLAIM, _PROJECT)
        reason = f"an account of kind {kind.name} has no projects of Language: call the service itself"
        yield Check(claim, expected, reason, kept_out=if_reached)
    elif is_revoked:
        yield refused(projects, seconds)
    elif write_project:
        yield project(projects, account.network, if_reached=if_reached)


def binding(found: Encryption, wanted: KeyUri) -> Iterator[Check]:
    """Compares an account's encryption with the key the stack says it is bound to."""
    host = key_uris.vault_host(found.key_vault_uri)
    yield Check("keySource", KEY_VAULT_SOURCE, found.key_source)
    yield Check("keyVaultUri", wanted.vault_uri, f"https://{host}" if host else "")
    yield Check("keyName", wanted.name, found.key_name)
    if not wanted.version:
        yield Check("keyVersion", _BY_ITSELF, found.key_version or _BY_ITSELF)
    elif found.key_version or not found.is_customer_managed:
        yield Check("keyVersion", wanted.version, found.key_version)
    else:
        print("  ?       keyVersion: Azure does not show it", file=sys.stderr)


class Projects:
    """The projects of an account, by the authoring API as azure-ai-language-conversations 1.1.0 calls it.
    Each method raises AzureError. `transport` takes the place of azure-core's, for tests."""

    def __init__(self, endpoint: str, credential: TokenCredential, **transport: Any) -> None:
        cloud, self.endpoint = clouds.of_endpoint(endpoint), endpoint
        self._pipeline = pipeline(cloud, credential, cloud.account_scope, **transport)
        self._all = clouds.projects_url(endpoint)
        self._own = self._all.replace("?", f"/{_PROJECT}?")

    def list_projects(self) -> None:
        """Reads the account's data."""
        self._send("GET", self._all)

    def write(self) -> None:
        """Writes the project of the proof."""
        body = {"projectName": _PROJECT, "projectKind": "Conversation", "language": "en"}
        self._send("PATCH", self._own, json=body, headers={"Content-Type": "application/merge-patch+json"})

    def read(self) -> str:
        """The name of the project of the proof, "" where there is none."""
        try:
            return str(self._send("GET", self._own).json().get("projectName", ""))
        except HttpResponseError as error:
            if error.status_code == 404:
                return ""
            raise

    def delete(self) -> None:
        """Begins to delete it."""
        self._send("DELETE", self._own)

    def _send(self, method: str, url: str, **content: Any) -> HttpResponse:
        response: HttpResponse = self._pipeline.send_request(HttpRequest(method, url, **content))
        if response.status_code >= 300:
            raise HttpResponseError(response=response)
        return response


def project(projects: Projects, network: Network, *, if_reached: bool = False) -> Check:
    """Writes a project to the account, reads it back and deletes it again. A caller who may only read is told
    which role is missing; only the attempt shows whether a network lets this machine in, because a closed one
    lets in who comes by a private endpoint."""
    try:
        about, found = _answer(projects.write, roles.LANGUAGE_WRITER)
    except ServiceRequestError as error:
        about, found = "the network", str(error)
    if about == "the network":
        found = (
            f"this machine does not reach {projects.endpoint}: {network.described} ({found}). Run this in "
            "the account's network, such as on a runner beside its private endpoint"
        )
        # Whoever says --if-reached has other commands add --write-project.
        if not if_reached:
            found += ", or leave out --write-project, which alone needs to reach it"
    if about:
        return Check(_PROJECT_CLAIM, _PROJECT, found, kept_out=if_reached and about in _ABOUT)
    read = projects.read()
    projects.delete()
    # Azure deletes it in a job. The API takes 100 GETs a minute (learn.microsoft.com/azure/ai-services/
    # language-service/conversational-language-understanding/service-limits).
    for _ in range(_DELETION_SECONDS):
        if not projects.read():
            return Check(_PROJECT_CLAIM, _PROJECT, read)
        time.sleep(1)
    return Check(_PROJECT_CLAIM, "deleted again", f"still there after {_DELETION_SECONDS} seconds")


def refused(projects: Projects, seconds: float) -> Check:
    """Reads the account's data until it is refused for the key, for `seconds` at most: that is how long the
    service may go on using a key that was revoked. No published document says how long that takes."""
    began, waiting = time.monotonic(), False
    while (answer := data_answer(projects)) == "200":
        passed = time.monotonic() - began
        pause = min(max(passed / 10, _PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)
        if passed + pause >= seconds:
            break
        if not waiting:
            print(
                f"  waiting up to {seconds / 60:g} minutes (--minutes): the data can still be read, because "
                "the service caches the key for some time",
                file=sys.stderr,
            )
        waiting = True
        time.sleep(pause)
    return Check(_REVOKED_CLAIM, REFUSED, answer)


def unprovable(service: ServiceOutputs) -> str:
    """Why nothing can be proven about a service; "" if something can."""
    if service.account_id and not service.key_uri_with_version:
        return (
            f"the account {service.account_id} is on Microsoft-managed keys, as the stack itself says "
            "(encryption: microsoftManaged): there is nothing to prove"
        )
    missing = service.lacking(*_NEEDED)
    return without(missing) if missing else ""


def data_answer(projects: Projects) -> str:
    """What a read of the account's data answers: "200", REFUSED, or why it tells nothing of the key."""
    about, found = _answer(projects.list_projects, roles.LANGUAGE_READER)
    return REFUSED if about == "the key" else found


def _answer(act: Callable[[], None], role: roles.Role) -> tuple[str, str]:
    """The subject of a refusal to read or write the account's data, "" if there is none, and the answer; a
    caller needs `role`."""
    try:
        act()
    except HttpResponseError as error:
        text = error.message.partition("\n")[0].rstrip(".")  # the SDK says it again in the lines below
        about, found = _subject(str(error)), f"{error.status_code}: {text}"
        if about == "the caller":
            found += (
                f"; this login may not call the service: list it among the service's callers with the role "
                f"{role.name!r}, and run `pulumi up` (a role counts after ten minutes at most)"
            )
        if about or error.status_code != 403:
            return about or "something else", f"{found} (which says nothing about the key)"
        return "the key", found
    return "", "200"


def _subject(refusal: str) -> str:
    """The subject that the words of a refusal have, of those in `_ABOUT`; "" for another one."""
    for subject, words in _ABOUT.items():
        if any(word in refusal.lower() for word in words):
            return subject
    return ""
