"""Two plugins at one Azure: two runs of one stack's program, or two stacks."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from tests.provider.fake_azure import ACCOUNT_ID, BINDING, KEY_ID, V1, V2, FakeAzure, a_version, key_uri
from tests.provider.rig import CMK, UNBINDS, VERSION, FailedError, engine

OTHER = {**BINDING, "keyUriWithVersion": key_uri(V2)}
LATE = ("account", "bind", "progress", "vault", "key_version", "live_key_versions", "rotate")
each_order = pytest.mark.parametrize("seed", range(20))


def shuffled(seed: int) -> FakeAzure:
    """Answers later, before and after its effect, so that the calls of two plugins come in any order."""
    azure, rng = FakeAzure(), random.Random(seed)
    azure.versions = [a_version(), a_version(V2)]

    async def turn() -> None:
        for _ in range(rng.randrange(4)):
            await asyncio.sleep(0)

    azure.meanwhile, azure.afterwards = dict.fromkeys(LATE, turn), dict.fromkeys(LATE, turn)
    return azure


async def both(*calls: Any) -> list[Any]:
    """How the calls end that are made at once."""
    ends = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(one, FailedError) or not isinstance(one, BaseException) for one in ends)
    return ends


def bound_version(azure: FakeAzure) -> str:
    return azure.accounts[ACCOUNT_ID.lower()].encryption.key_version


@each_order
async def test_a_binding_that_moves_to_another_stack_holds(seed: int) -> None:
    """One stack no longer declares it while the other makes it: in any order of their calls, the account
    stays bound, and the first stack says how the binding is taken out of its state."""
    azure = shuffled(seed)
    old, new = await engine(azure), await engine(azure)
    id, olds = await old.create(CMK, BINDING)
    left, taken = await both(old.delete(CMK, id, olds.values), new.create(CMK, BINDING))
    assert "pulumi state delete" in str(left)
    assert not isinstance(taken, FailedError)
    assert {patch.key_source for patch in azure.patches} == {"Microsoft.KeyVault"}
    assert bound_version(azure) == V1


@each_order
async def test_two_stacks_that_bind_one_account_are_not_both_content(seed: int) -> None:
    """To two versions of a key, or one of them unbinding it: whoever reports success and was overwritten
    learns it from the next read."""
    azure, content = shuffled(seed), []
    one, other = await engine(azure), await engine(azure)
    made = await both(one.create(CMK, BINDING), other.create(CMK, OTHER))
    for pulumi, inputs, done in zip((one, other), (BINDING, OTHER), made, strict=True):
        if not isinstance(done, FailedError):
            id, outputs = done
            _, _, live = await pulumi.read(CMK, id, inputs, outputs.values)
            content += [inputs] if live.values == inputs else []
    assert [found["keyUriWithVersion"] for found in content] == [key_uri(bound_version(azure))]


@each_order
async def test_an_account_that_is_unbound_while_it_is_bound_ends_as_somebody_was_told(seed: int) -> None:
    """A program that says `onDelete: unbind` in one stack, and a binding of the same account in another."""
    azure = shuffled(seed)
    one, other = await engine(azure), await engine(azure)
    id, olds = await one.create(CMK, {**BINDING, **UNBINDS})
    unbound, bound = await both(one.delete(CMK, id, olds.values), other.create(CMK, BINDING))
    told = {"": not isinstance(unbound, FailedError), V1: not isinstance(bound, FailedError)}
    assert told[bound_version(azure)]
    # The next update of the stack that declares the binding makes it again.
    _, again = await other.create(CMK, BINDING)
    assert again.values["keyVersion"] == bound_version(azure) == V1


@each_order
async def test_two_stacks_that_rotate_one_key_make_one_version_each(seed: int) -> None:
    """Each raises its own generation; each has a version of its own, and none is lost."""
    azure, old = shuffled(seed), {"keyId": KEY_ID, "generation": 1}
    one, other = await engine(azure), await engine(azure)
    updates = [
        pulumi.update(VERSION, KEY_ID, (await pulumi.create(VERSION, old))[1].values, old, news)
        for pulumi in (one, other)
        for news in [{**old, "generation": 2}]
    ]
    made = await both(*updates)
    assert len({done.values["version"] for done in made}) == 2
    assert len(azure.versions) == 4
