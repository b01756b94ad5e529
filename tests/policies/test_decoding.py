"""What the engine sends is decoded once for all rules, and no answer changes by it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from google.protobuf import json_format
from pulumi_policy import policy

from policies.decoding import decode_once
from tests.policies.asking import Pack
from tests.policies.bags import with_change
from tests.policies.refusals import REFUSED
from tests.policies.stacks import one_phase, run, two_phases

sdk: Any = policy
_WRAPPED = ("deserialize_properties", "unknown_checking_proxy", "json_format")


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK as it comes, before each test and not after it."""
    servicer: Any = sdk._PolicyAnalyzerServicer
    wrapped: list[Any] = [vars(sdk)[name] for name in _WRAPPED]
    for name, now in zip(_WRAPPED, wrapped, strict=True):
        monkeypatch.setattr(sdk, name, getattr(now, "__wrapped__", json_format if "json" in name else now))
    for name in ("Analyze", "AnalyzeStack"):
        monkeypatch.setattr(servicer, name, getattr(servicer, name).__wrapped__)


def everything() -> list[Any]:
    """What the pack says of right stacks and of every resource and stack that some rule refuses."""
    stacks = [two_phases(), two_phases(preview=True, roles=True), one_phase(), one_phase(preview=True)]
    said: list[Any] = [run(stack) for stack in stacks]
    for refused in [refused for cases in REFUSED.values() for refused in cases]:
        pack = Pack()
        said.append([pack.ask(thing) for thing in refused.things] + [pack.ask_stack(refused.things)])
    return said


def test_no_answer_changes() -> None:
    """Rules say the same of right and wrong stacks, of known and unknown values, whoever decodes."""
    before = everything()
    assert decode_once()
    assert everything() == before


def test_a_message_is_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request costs one decoding for each resource and each provider in it, not one for each rule."""
    stack, decoded = list(two_phases().values()), list[Any]()
    original = sdk.unknown_checking_proxy

    def counted(props: Any) -> Any:
        decoded.append(props)
        return original(props)

    monkeypatch.setattr(sdk, "unknown_checking_proxy", counted)
    assert decode_once()
    pack = Pack()
    pack.ask(stack[0])
    assert len(decoded) == 1
    decoded.clear()
    pack.ask_stack(stack)
    assert len(decoded) == 2 * len(stack)


def test_each_request_is_decoded_anew() -> None:
    """A resource that is asked about again with other values is judged by those."""
    assert decode_once()
    pack, account = Pack(), two_phases()["account"]
    wrong = replace(account, props=with_change(account.props, "identity", None))
    assert [bool(pack.ask(thing)) for thing in (account, wrong, account, wrong)] == [
        False,
        True,
        False,
        True,
    ]


def test_an_unknown_sdk_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """An SDK without one of the parts is used as it is."""
    before = sdk.unknown_checking_proxy
    monkeypatch.delattr(sdk, "deserialize_properties")
    assert not decode_once()
    assert sdk.unknown_checking_proxy is before
