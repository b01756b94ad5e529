"""Waiting for access, for other changes, for the operation that a change begins and for Azure itself: how
long, how often, what is said meanwhile, and what is believed of the end."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import grpc
import pytest
from pulumi.runtime.proto import engine_pb2

from core import effects
from core.facts import Account
from provider.failure import Progress, ServiceError
from provider.wire import UNKNOWN
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    BINDING,
    KEY_ID,
    NOT_YET,
    PRINCIPAL,
    V1,
    V2,
    VAULT_URI,
    FakeAzure,
    a_vault,
    a_version,
    an_account,
    bound_to,
    key_uri,
)
from tests.provider.rig import CMK, UNBINDS, Engine, engine, refused

UPDATING, DONE = Progress("Updating"), Progress("Succeeded")
DOWN = ServiceError(503, "ServiceUnavailable", "down", "reading")
FOR_GOOD = ServiceError(403, "RequestDisallowedByPolicy", "denied by policy")
MAY_NOT_READ = ServiceError(403, "AuthorizationFailed", "may not perform action 'read'")
ODD = ServiceError(400, "BadRequest", "no luck", "changing", "", "corr")
Arrange = Callable[[FakeAzure], object]


@pytest.mark.parametrize("delay", [0, 5, 60, 300])
async def test_access_is_waited_for_by_trying(pulumi: Engine, delay: int) -> None:
    """However long access takes to count, it is bound soon after, and asked for ever less often; each wait
    names it, Azure's answer and the time, by resource."""
    clock = pulumi.clock
    tries = pulumi.azure.until(clock, delay, NOT_YET, "bind")
    await pulumi.create(CMK, BINDING)
    gaps = [after - before for before, after in pairwise(tries)]
    assert delay <= tries[-1] <= delay + 36
    bases = [min(2 * 1.6**n, 30) for n in range(len(gaps))]
    assert all(0.8 * base <= gap <= 1.2 * base for gap, base in zip(gaps, bases, strict=True))
    for request in pulumi.heard:
        told = (request.urn, request.ephemeral, request.severity)
        assert told == (pulumi.urn(CMK), True, engine_pb2.INFO)
    begins = (
        "waiting for the access to the key to be in effect everywhere: changing: Azure answered 400 "
        "BadRequest: KeyVaultProperties is invalid [correlation id corr] (0 s so far, at most 30 min 00 s "
        "more)"
    )
    assert pulumi.progress[:1] == [begins] * bool(delay)
    assert delay < 300 or re.search(
        r"\(\d min \d\d s so far, at most \d\d min \d\d s more\)$", pulumi.progress[-2]
    )


async def test_fails_after_the_deadline_with_what_was_waited_for(pulumi: Engine) -> None:
    """Access that never comes ends at the deadline, with Azure's last words and what to do: nobody is told
    to try the same again while it is refused."""
    tries = pulumi.azure.until(pulumi.clock, 10_000, NOT_YET, "bind")
    failed = await refused(pulumi.create(CMK, BINDING, timeout=120))
    message = str(failed)
    assert failed.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert "gave up after 2 min 00 s: waiting for the access to the key to be in effect everywhere" in message
    assert "Azure answered 400 BadRequest: KeyVaultProperties is invalid [correlation id corr]" in message
    assert message.endswith(
        "fix: once that is over, run the same command again; or give more time with customTimeouts"
    )
    assert tries[-1] == 120


async def test_a_last_try_whose_end_is_not_seen_tells_what_the_tries_before_met(pulumi: Engine) -> None:
    """Otherwise a binding that Azure refuses at the end of each operation would say only to run it again."""
    pulumi.azure.progress_script = [Progress("Failed", failure=NOT_YET), *[Progress("Updating")] * 99]
    failed = str(await refused(pulumi.create(CMK, BINDING, timeout=120)))
    assert "its end was not seen: gave up after 2 min 00 s: waiting for the operation" in failed
    assert "Azure refused the try before it: " in failed
    assert "KeyVaultProperties is invalid" in failed


class Case(NamedTuple):
    """What is arranged, a pattern of the refusal where there is one, how many PATCHes Azure then has, and the
    pauses."""

    arrange: Arrange
    says: str | None = None
    patches: int = 1
    slept: Sequence[float] | None = None


def fails(call: str, *failures: ServiceError) -> Arrange:
    return lambda azure: azure.failures[call].extend(failures)


def operation(*progress: Progress) -> Arrange:
    return lambda azure: azure.progress_script.extend(progress)


def overwritten(version: str, *, echoes: bool = True) -> Arrange:
    """Somebody else binds the account to a version before the operation has ended."""

    def arrange(azure: FakeAzure) -> None:
        azure.echoes = echoes
        azure.meanwhile["progress"] = lambda: azure.put(an_account(encryption=bound_to(version)))

    return arrange


def behind(account: Account | None) -> Arrange:
    """A front end shows this account for one read after the change."""
    return lambda azure: azure.meanwhile.update(progress=lambda: azure.stale.append(account))


def busy(azure: FakeAzure) -> None:
    """An account that is Accepted, and a 409 and a refusal for its state at the PATCH."""
    in_state = ServiceError(400, "AccountProvisioningStateInvalid", "in state Accepted")
    azure.failures["bind"] += [ServiceError(409, "Conflict", "in progress"), in_state]
    azure.put(an_account(provisioning_state="Accepted"))
    azure.meanwhile["account"] = lambda: (
        azure.put(an_account()) if azure.calls.count("account") == 3 else None
    )


def failed_before(azure: FakeAzure) -> None:
    azure.put(an_account(provisioning_state="Failed"))
    azure.meanwhile["bind"] = lambda: azure.put(an_account())


CREATES: dict[str, Case] = {
    "a refusal for good is not tried again": Case(fails("bind", FOR_GOOD), str(FOR_GOOD), 0, []),
    "nor where it ends the operation": Case(
        operation(Progress("Failed", failure=replace(FOR_GOOD, status=200))), "denied by policy", 1, []
    ),
    "an outage ends after five tries": Case(
        fails("account", *[DOWN] * 5), "reading: Azure answered 503 ServiceUnavailable: down", 0
    ),
    "and not before": Case(fails("account", *[DOWN] * 4)),
    # A binding that could not be read back is not written; Azure's words name the right that is missing.
    "the account itself may not be read": Case(
        fails("account", MAY_NOT_READ),
        r"may not read it or see whether it is bound.*nothing was written\n.*action 'read'",
        0,
        [],
    ),
    "a Retry-After of 0 is no leave to ask without a pause": Case(
        operation(*[replace(UPDATING, retry_after=0)] * 3), slept=[0.5] * 3
    ),
    "an operation that fails for access is begun again": Case(
        operation(Progress("Failed", failure=NOT_YET), DONE), patches=2
    ),
    # It ends as the account says.
    "an operation that Azure forgot": Case(fails("progress", ServiceError(404, "NotFound", "")), slept=[]),
    "an operation that a narrow role may not read": Case(fails("progress", MAY_NOT_READ), slept=[]),
    "what is read back is compared": Case(
        overwritten(V2), f"keyVersion: found {V2}, expected {V1}; somebody else is changing this account"
    ),
    # One that shows none, where the answer to the PATCH showed it, would stay on one that nobody chose.
    "a version that Azure showed is compared": Case(
        overwritten(""), f"keyVersion: found none, expected {V1}"
    ),
    "one that Azure never shows cannot be": Case(overwritten("", echoes=False)),
    "one read without the change is nobody's doing": Case(behind(an_account()), slept=[2]),
    "nor is one without the account": Case(behind(None), slept=[2]),
    "another change of the account is waited for": Case(busy, slept=[2, 3.2, 2, 3.2]),
    "an account whose last change failed is bound": Case(failed_before, slept=[]),
}


@pytest.mark.parametrize("case", CREATES)
async def test_how_a_binding_ends(pulumi: Engine, case: str) -> None:
    """Once Azure's operation has ended and the account shows it, or with a refusal."""
    arrange, says, patches, slept = CREATES[case]
    arrange(pulumi.azure)
    call = pulumi.create(CMK, BINDING)
    if says:
        assert (await refused(call, says)).partial is None
    else:
        assert (await call)[1].values["keyUriWithVersion"] == key_uri(V1)
        assert pulumi.said == []
    assert len(pulumi.azure.patches) == patches
    assert slept is None or pulumi.clock.slept == pytest.approx(slept, rel=0.2)


async def test_a_preview_that_azure_throttles_says_what_it_did_not_check(pulumi: Engine) -> None:
    """Resource Manager asks for more patience than a preview has: that fails no preview."""
    slow = ServiceError(429, "TooManyRequests", "slow down", retry_after=50)
    pulumi.azure.failures["account"] += [slow] * 9
    _, outputs = await pulumi.create(CMK, BINDING, preview=True)
    assert outputs.values["keyVersion"] == V1
    assert [m.partition(": asking")[0] for m in pulumi.said] == ["not checked: gave up after 1 min 00 s"]
    assert pulumi.clock.now() == 60


async def test_one_change_at_a_time_per_account(pulumi: Engine) -> None:
    """Two bindings of one account do not overlap, since the service serialises them anyway."""
    running: list[str] = []
    overlaps: list[bool] = []

    async def begin() -> None:
        overlaps.append(bool(running))
        running.append("bind")
        await asyncio.sleep(0.01)

    azure, news = pulumi.azure, {**BINDING, "keyUriWithVersion": key_uri(V2)}
    azure.meanwhile["bind"], azure.afterwards["bind"] = begin, running.pop
    azure.versions.append(a_version(V2))
    await asyncio.gather(pulumi.create(CMK, BINDING), pulumi.update(CMK, ACCOUNT_ID, {}, BINDING, news))
    assert overlaps == [False, False]


async def test_fails_with_every_reason_before_anything_is_written(pulumi: Engine) -> None:
    """All that speaks against a binding is one message, and no PATCH is made. What may pass is not waited for
    beside what does not."""
    pulumi.azure.put(a_vault(purge_protection=None, location="eastus", policies=()))
    message = str(await refused(pulumi.create(CMK, BINDING), r"3 finding\(s\), nothing was written"))
    for rule in ("same-region", "vault-has-purge-protection", "identity-has-access"):
        assert f"- {rule}: " in message
    assert (pulumi.clock.slept, pulumi.azure.patches) == ([], [])


async def test_preview_fails_only_on_what_no_update_could_change(pulumi: Engine) -> None:
    """A wrong region stops the preview; a missing grant, which may still come in the same update, is a
    warning with the rule and the way out."""
    pulumi.azure.put(a_vault(policies=(), purge_protection=None))
    await pulumi.create(CMK, BINDING, preview=True)
    assert {request.severity for request in pulumi.heard} == {engine_pb2.WARNING}
    for rule in ("identity-has-access", "vault-has-purge-protection"):
        begins = f"would be refused unless this update changes it: {rule}: "
        assert any(text.startswith(begins) for text in pulumi.said)
    pulumi.azure.put(a_vault(location="eastus"))
    await refused(pulumi.create(CMK, BINDING, preview=True), "same-region")
    assert pulumi.azure.patches == []


@pytest.mark.parametrize("lasts", [3, 10_000])
@pytest.mark.parametrize("where", ["answer", "operation"])
async def test_a_refusal_in_unknown_words_is_waited_out(pulumi: Engine, where: str, lasts: int) -> None:
    """After a preflight that found nothing wrong, such a refusal is waited out for some minutes, and shown;
    when it lasts, it is the error, in Azure's own words."""
    ended = Progress("Failed", failure=replace(ODD, status=200))
    arrange = fails("bind", *[ODD] * lasts) if where == "answer" else operation(*[ended] * lasts)
    arrange(pulumi.azure)
    if lasts == 3:
        await pulumi.create(CMK, BINDING)
        return
    await refused(pulumi.create(CMK, BINDING), r"no luck \[correlation id corr\]")
    assert 300 <= pulumi.clock.now() <= 340
    waits = [text for text in pulumi.progress if "access to the key may not be in effect yet" in text]
    assert any("no luck" in text for text in waits)


class Deletion(NamedTuple):
    """What is arranged, parts of the refusal where there is one, whether the state names the vault, and the
    longest time."""

    arrange: Arrange
    says: Sequence[str] = ()
    names_vault: bool = True
    seconds: float = 5.0


def without_access(*, uses_rbac: bool) -> Arrange:
    return lambda azure: azure.put(a_vault(uses_rbac=uses_rbac, policies=()))


BY_ROLE = f"--assignee-object-id {PRINCIPAL} --assignee-principal-type ServicePrincipal --scope {KEY_ID}"
BY_POLICY = f"az keyvault set-policy --name language-vault --object-id {PRINCIPAL} --key-permissions get"
DENIED = ServiceError(403, "Forbidden", "does not have keys get permission")
DELETIONS: dict[str, Deletion] = {
    # Nobody's access is waited for to give an account back to Microsoft-managed keys.
    "a refusal in unknown words is an error at once": Deletion(fails("bind", ODD), ["no luck"], False, 1.0),
    # The service needs the key to give the account back, and no wait would bring the access. What is printed
    # gives it to the real identity, in the real vault.
    "access by a role is gone": Deletion(
        without_access(uses_rbac=True), ["language cannot leave its key", BY_ROLE]
    ),
    "access by a policy is gone": Deletion(
        without_access(uses_rbac=False), ["language cannot leave its key", BY_POLICY]
    ),
    # A managed HSM answers about versions and roles itself, and may let in the service and not this machine;
    # the change itself goes to Resource Manager.
    "a machine does not reach the key": Deletion(
        fails("key_version", *[ServiceError(0, "", "no route to host")] * 20), seconds=60.0
    ),
    # A binding that names no vault cannot be looked at before; at the end the message has the names.
    "a wait for access names whose it is": Deletion(
        fails("bind", *[DENIED] * 100),
        [f"--name language-vault --object-id {PRINCIPAL}"],
        names_vault=False,
        seconds=2000.0,
    ),
    "an absent account that is there is an error": Deletion(
        fails("bind", ServiceError(404, "ResourceNotFound", "not found")), ["ResourceNotFound"]
    ),
    "somebody else binds it meanwhile": Deletion(
        overwritten(V2), ["somebody else is changing this account"], seconds=100.0
    ),
    "one that goes meanwhile is done": Deletion(
        lambda azure: (
            azure.meanwhile.update(bind=azure.accounts.clear)
            or fails("bind", ServiceError(404, "ResourceNotFound", "not found"))(azure)
        )
    ),
}


@pytest.mark.parametrize("case", DELETIONS)
async def test_how_an_unbinding_ends(pulumi: Engine, case: str) -> None:
    """On Microsoft's keys, or with a refusal that leaves the account as it was."""
    arrange, says, names_vault, seconds = DELETIONS[case]
    pulumi.azure.put(an_account(encryption=bound_to()))
    arrange(pulumi.azure)
    call = pulumi.delete(CMK, ACCOUNT_ID, {**(BINDING if names_vault else {}), **UNBINDS})
    if says:
        message = str(await refused(call))
        assert [one for one in says if one not in message] == []
    else:
        await call
    there = pulumi.azure.accounts.values()
    assert [one.encryption.is_customer_managed for one in there] == [bool(says)] * len(there)
    assert pulumi.clock.now() < seconds


@pytest.mark.parametrize(("lag", "ends"), [(30, (30, 60)), (10_000, (60, 90))])
async def test_reads_that_lag_are_waited_for(pulumi: Engine, lag: int, ends: tuple[int, int]) -> None:
    """A front end may show an account as it was for some time; then somebody else's change is suspected."""
    azure, clock, before = pulumi.azure, pulumi.clock, an_account()
    azure.meanwhile["account"] = lambda: azure.stale.append(before) if clock.now() < lag else None
    call = pulumi.create(CMK, BINDING)
    if lag == 30:
        await call
    else:
        await refused(call, "somebody else is changing this account")
    assert ends[0] <= clock.now() <= ends[1]


async def test_every_kind_of_wait_is_told_and_none_is_shorter_than_azure_says(pulumi: Engine) -> None:
    """A busy account, an operation, a throttled and a failing service each say what is waited for. A
    throttled request is made again when the server says, not sooner."""
    azure = pulumi.azure
    slow = ServiceError(429, "TooManyRequests", "slow down", "reading the key")
    azure.failures["vault"].append(replace(DOWN, doing="reading the vault"))
    for call, seconds in (("key_version", 17), ("account", 23), ("bind", 29), ("progress", 31)):
        azure.failures[call].append(replace(slow, retry_after=seconds))
    azure.failures["bind"].append(ServiceError(409, "Conflict", "another operation", "changing"))
    azure.progress_script = [replace(UPDATING, retry_after=9), UPDATING, DONE]
    await pulumi.create(CMK, BINDING)
    assert sorted(one for one in pulumi.clock.slept if one > 5) == [9, 9, 17, 23, 29, 31]
    assert pulumi.progress[-1] == ""  # nothing stands beside "created"
    waits = "\n".join(pulumi.progress)
    for words in (
        "asking again: reading the vault: Azure answered 503 ServiceUnavailable: down (0 s so far",
        "asking again: reading the key: Azure answered 429 TooManyRequests: slow down (",
        "waiting for another change of the account to end: changing: Azure answered 409 Conflict",
        "waiting for the operation on language, Updating (",
    ):
        assert words in waits


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "update"])
async def test_what_was_not_checked_stays_in_the_log(pulumi: Engine, preview: bool) -> None:
    """In a preview and in an update, what may not be read is said, and not overwritten afterwards. Azure
    itself judges the binding then."""
    denied = ServiceError(403, "AuthorizationFailed", "may not read", "reading")
    pulumi.azure.failures["vault"].append(denied)
    await pulumi.create(CMK, BINDING, preview=preview)
    assert len(pulumi.azure.patches) == (not preview)
    why = "reading: Azure answered 403 AuthorizationFailed: may not read"
    assert pulumi.said == [f"not checked: the vault could not be read: {why}"]


KEY, OTHER_KEY = (effects.key("language-vault", name, V1) for name in ("language-key", "other"))
EFFECTS = {
    key_uri(): "",
    key_uri(V2): effects.REBOUND.format(V2, V1),
    f"{VAULT_URI}/keys/language-key": effects.REBOUND.format(effects.NEWEST, V1),
    key_uri(name="other"): effects.KEY_CHANGED.format(OTHER_KEY, KEY),
    UNKNOWN: effects.KEY_NOT_SHOWN,
}
"""The key that an update binds, and what its preview says."""


@pytest.mark.parametrize("uri", EFFECTS)
async def test_a_binding_by_itself_tells_what_it_does_to_the_data(pulumi: Engine, uri: str) -> None:
    """A preview says so for the account, in the words of its review, and the update does not repeat it. A
    service tells what its update does to the data, so its binding does not tell it once more."""
    pulumi.azure.put(an_account(kind="AIServices"))
    await pulumi.create(CMK, BINDING, preview=True)
    assert pulumi.said == []
    pulumi.parent = ""
    await pulumi.create(CMK, BINDING, preview=True)
    assert pulumi.said == [f"encryption of language: {effects.BOUND.format(KEY)}"]
    id, olds = await pulumi.create(CMK, BINDING)
    pulumi.azure.versions.append(a_version(V2))
    news = {**BINDING, "accountDigest": "b", "keyUriWithVersion": uri}
    await pulumi.update(CMK, id, olds.values, BINDING, news, preview=True)
    told = [f"encryption of language: {EFFECTS[uri]}"] if EFFECTS[uri] else []
    assert pulumi.said[1:] == told


async def test_an_engine_that_is_gone_fails_nothing() -> None:
    """Messages to an engine that does not listen are dropped; the binding goes on."""
    pulumi = await engine(FakeAzure(), listens=False)
    pulumi.azure.until(pulumi.clock, 5, NOT_YET, "bind")
    _, outputs = await pulumi.create(CMK, BINDING)
    assert outputs.values["keyUriWithVersion"] == key_uri()
