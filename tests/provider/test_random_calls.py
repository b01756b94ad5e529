"""Calls that no engine makes: without a Check before, of any inputs, again and again with other logins."""

from __future__ import annotations

import asyncio
import gc
import random
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from core.login import Login
from provider.checks import declared
from provider.host import Host
from provider.wire import UNKNOWN, encode
from tests.provider.fake_azure import (
    ACCOUNT_ID,
    BINDING,
    HSM_KEY,
    KEY_ID,
    PRINCIPAL,
    VAULT_ID,
    FakeAzure,
    an_account,
    key_uri,
)
from tests.provider.rig import ACCESS, CMK, Engine, FailedError, FakeClock, refused

VALUES: tuple[Any, ...] = (ACCOUNT_ID, VAULT_ID, KEY_ID, HSM_KEY, key_uri(), PRINCIPAL, UNKNOWN)
VALUES += ("", "x", "granted", None, 1, True, [], [1], {}, {"objectId": PRINCIPAL})
METHODS = ("Check", "Diff", "Create", "Update", "Read", "Invoke", "Configure")
CALLS = 600


class Random:
    """A provider that random calls are made of, each with a name of its own; `made` are its Azures."""

    def __init__(self, seed: int) -> None:
        self.made: list[FakeAzure] = []
        self.host = Host(
            self.connect, clock=FakeClock(), environ={}, complete=lambda login: login, engine_address=""
        )
        self.pulumi = Engine(self.host, None, None)
        self.random = random.Random(seed)

    def connect(self, login: Login) -> FakeAzure:
        self.made.append(FakeAzure(an_account()))
        return self.made[-1]

    def some(self, names: list[str]) -> Any:
        return encode({name: self.random.choice(VALUES) for name in names if self.random.random() < 0.6})

    def request(self, method: str, type: str) -> Any:
        """A request of a method, about a resource of a type."""
        names = [*declared(type).types, *declared(type).outputs]
        urn, id = (
            f"urn:pulumi:t::p::{type}::n{self.random.random()}",
            self.random.choice((ACCOUNT_ID, "", "x")),
        )
        match method:
            case "Configure":
                args = encode({"subscriptionId": str(self.random.randrange(3))})
                return provider_pb2.ConfigureRequest(args=args)
            case "Invoke":
                args = self.some(["resources", "question", "vaultId"])
                tokens = ("checkDeployment", "preflight", "getWrittenVault", "getClientConfig")
                return provider_pb2.InvokeRequest(
                    tok=f"azure-cmk:index:{self.random.choice(tokens)}", args=args
                )
            case "Check":
                return provider_pb2.CheckRequest(urn=urn, type=type, news=self.some(names))
            case "Create":
                return provider_pb2.CreateRequest(
                    urn=urn, type=type, properties=self.some(names), preview=True
                )
            case "Read":
                return provider_pb2.ReadRequest(urn=urn, type=type, id=id, inputs=self.some(names))
        given = {"olds": self.some(names), "old_inputs": self.some(names), "news": self.some(names)}
        if method == "Diff":
            return provider_pb2.DiffRequest(urn=urn, type=type, **given)
        return provider_pb2.UpdateRequest(urn=urn, type=type, id=id, preview=True, **given)

    def clear(self) -> None:
        """Forgets what this test keeps of the calls."""
        del self.made[:-1]
        self.made[-1].calls.clear()

    async def calls(self, count: int) -> None:
        """Makes so many calls. Each is answered or refused; any other error is raised."""
        assert self.host.served is not None
        for _ in range(count):
            type = self.random.choice(list(self.host.served.resources))
            method = self.random.choice(METHODS)
            try:
                await self.pulumi.send(method, self.request(method, type))
            except FailedError:
                continue
            finally:
                self.clear()


async def test_any_call_is_answered_or_refused_and_leaves_nothing_behind() -> None:
    """Also without a Check before. Between the first calls and the last ones no object stays for each, and
    of all Azures that were connected to, one is open: a connection keeps its certificate authorities."""
    rig = Random(seed=1)
    await rig.pulumi.send("Configure", rig.request("Configure", CMK))
    counts = []
    for _ in range(3):
        await rig.calls(CALLS)
        await asyncio.sleep(0)
        gc.collect()
        counts.append(len(gc.get_objects()))
    assert counts[2] - counts[1] < CALLS / 10, counts


async def test_a_provider_that_is_configured_again_keeps_one_azure_open() -> None:
    """A login that stays keeps its connections; another one closes those of the login before."""
    rig = Random(seed=2)
    for subscription in ("1", "1", "2", "1", "1"):
        args = encode({"subscriptionId": subscription})
        await rig.pulumi.send("Configure", provider_pb2.ConfigureRequest(args=args))
    assert [azure.is_closed for azure in rig.made] == [True, True, False]


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize(
    ("type", "inputs", "words"),
    [
        (CMK, {}, "accountId: missing required input 'accountId'; keyUriWithVersion: missing"),
        (CMK, {**BINDING, "accountId": "x"}, "accountId: 'x' is not"),
        (ACCESS, {"keyId": KEY_ID}, "principalId: missing required input"),
    ],
)
async def test_fails_to_make_what_was_not_checked(
    pulumi: Engine, type: str, inputs: dict[str, Any], words: str, *, preview: bool
) -> None:
    """Every wrong input is named, and nothing is written; an update, too."""
    failed = await refused(pulumi.create(type, inputs, preview=preview), f"the inputs of {type} are wrong: ")
    assert words in str(failed)
    failed = await refused(pulumi.update(type, ACCOUNT_ID, BINDING, BINDING, inputs, preview=preview))
    assert words in str(failed)
    assert pulumi.azure.patches == []
