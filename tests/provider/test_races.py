"""Two plugins at one Azure: two runs of one stack's program, or two stacks."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from tests.provider.fake_azure import ACCOUNT_ID, KEY_ID, V1, V2, VAULT_ID, FakeAzure, a_version, key_uri
from tests.provider.rig import CMK, UNBINDS, VERSION, FailedError, engine

INPUTS = {"accountId": ACCOUNT_ID, "keyUriWithVersion": key_uri(), "vaultId": VAULT_ID}
OTHER = {**INPUTS, "keyUriWithVersion": key_uri(V2)}
SEEDS = range(20)


class Shuffled(FakeAzure):
    """Answers later, before and after its effect, so that the calls of two plugins come in any order."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._rng = random.Random(seed)
        self.versions = [a_version(), a_version(V2)]

    async def _turn(self) -> None:
        for _ in range(self._rng.randrange(4)):
            await asyncio.sleep(0)

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name not in _SHUFFLED:
            return found

        async def later(*given: Any) -> Any:
            await self._turn()
            answer = await found(*given)
            await self._turn()
            return answer

        return later


_SHUFFLED = {
    "account",
    "bind",
    "progress",
    "vault",
    "key_version",
    "live_key_versions",
    "rotate",
}
"""The calls that take a while."""


def bound_version(azure: FakeAzure) -> str:
    return azure.accounts[ACCOUNT_ID.lower()].encryption.key_version


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_binding_that_moves_to_another_stack_holds(seed: int) -> None:
    """One stack no longer declares it while the other makes it: in any order of their calls, the account
    stays bound, and the first stack says how the binding is taken out of its state."""
    azure = Shuffled(seed)
    async with engine(azure) as old, engine(azure) as new:
        id, olds = await old.create(CMK, INPUTS)
        left, taken = await asyncio.gather(
            old.delete(CMK, id, olds.values), new.create(CMK, INPUTS), return_exceptions=True
        )
    assert isinstance(left, FailedError)
    assert "pulumi state delete" in str(left)
    assert not isinstance(taken, BaseException)
    assert {patch.key_source for patch in azure.patches} == {"Microsoft.KeyVault"}
    assert bound_version(azure) == V1


@pytest.mark.parametrize("seed", SEEDS)
async def test_two_stacks_that_bind_one_account_are_not_both_content(seed: int) -> None:
    """To two versions of a key, or one of them unbinding it: whoever reports success and was overwritten
    learns it from the next read."""
    azure = Shuffled(seed)
    async with engine(azure) as one, engine(azure) as other:
        made = await asyncio.gather(one.create(CMK, INPUTS), other.create(CMK, OTHER), return_exceptions=True)
        content = []
        for pulumi, inputs, done in zip((one, other), (INPUTS, OTHER), made, strict=True):
            if isinstance(done, BaseException):
                assert isinstance(done, FailedError)
                continue
            id, outputs = done
            _, _, live = await pulumi.read(CMK, id, inputs, outputs.values)
            content += [inputs] if live.values == inputs else []
    assert len(content) == 1
    assert content[0]["keyUriWithVersion"] == key_uri(bound_version(azure))


@pytest.mark.parametrize("seed", SEEDS)
async def test_an_account_that_is_unbound_while_it_is_bound_ends_as_somebody_was_told(seed: int) -> None:
    """A program that says `onDelete: unbind` in one stack, and a binding of the same account in another."""
    azure = Shuffled(seed)
    async with engine(azure) as one, engine(azure) as other:
        id, olds = await one.create(CMK, {**INPUTS, **UNBINDS})
        unbound, bound = await asyncio.gather(
            one.delete(CMK, id, olds.values), other.create(CMK, INPUTS), return_exceptions=True
        )
        told = {
            "": not isinstance(unbound, BaseException),
            V1: not isinstance(bound, BaseException),
        }
        assert told[bound_version(azure)]
        # The next update of the stack that declares the binding makes it again.
        _, again = await other.create(CMK, INPUTS)
    assert again.values["keyVersion"] == bound_version(azure) == V1


@pytest.mark.parametrize("seed", SEEDS)
async def test_two_stacks_that_rotate_one_key_make_one_version_each(seed: int) -> None:
    """Each raises its own generation; each has a version of its own, and none is lost."""
    azure = Shuffled(seed)
    old = {"keyId": KEY_ID, "generation": 1}
    async with engine(azure) as one, engine(azure) as other:
        states = [(await pulumi.create(VERSION, old))[1].values for pulumi in (one, other)]
        made = await asyncio.gather(
            *(
                pulumi.update(VERSION, KEY_ID, olds, old, {**old, "generation": 2})
                for pulumi, olds in zip((one, other), states, strict=True)
            )
        )
    versions = [done.values["version"] for done in made]
    assert len(set(versions)) == 2
    assert len(azure.versions) == 4
