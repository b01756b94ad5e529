"""What the engine sends is decoded once for all rules, no answer changes by it, and no SDK passes that would
hide secrets from the pack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from google.protobuf import json_format
from pulumi_policy import StackValidationPolicy, policy

from policies.decoding import decode_once
from policies.pack import make_policies
from tests.policies.asking import NOW, Pack
from tests.policies.bags import with_change
from tests.policies.refusals import REFUSED
from tests.policies.stacks import one_phase, run, two_phases

sdk: Any = policy
servicer: Any = sdk._PolicyAnalyzerServicer
_WRAPPED = ("deserialize_properties", "unknown_checking_proxy", "json_format", "StackValidationArgs")


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK as it comes, before each test and not after it."""
    wrapped: list[Any] = [vars(sdk)[name] for name in _WRAPPED]
    for name, now in zip(_WRAPPED, wrapped, strict=True):
        monkeypatch.setattr(sdk, name, getattr(now, "__wrapped__", json_format if "json" in name else now))
    for name in ("Analyze", "AnalyzeStack"):
        found = getattr(servicer, name)
        monkeypatch.setattr(servicer, name, getattr(found, "__wrapped__", found))


def everything(pack: Callable[[], Pack]) -> list[Any]:
    """What the pack says of right stacks and of every resource and stack that some rule refuses."""
    stacks = [two_phases(), two_phases(preview=True, roles=True), one_phase(), one_phase(preview=True)]
    said: list[Any] = [run(stack, pack()) for stack in stacks]
    for refused in [refused for cases in REFUSED.values() for refused in cases]:
        asked = pack()
        said.append([asked.ask(thing) for thing in refused.things] + [asked.ask_stack(refused.things)])
    return said


def test_no_answer_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules say the same of right and wrong stacks, of known and unknown values, whoever decodes."""
    with monkeypatch.context() as patched:
        patched.setattr("policies.pack.decode_once", lambda: None)
        before = everything(Pack)
    assert everything(Pack) == before


def test_a_message_is_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request costs one decoding for each resource and each provider in it, not one for each rule."""
    stack, decoded = list(two_phases().values()), list[Any]()
    original = sdk.unknown_checking_proxy

    def counted(props: Any) -> Any:
        decoded.append(props)
        return original(props)

    monkeypatch.setattr(sdk, "unknown_checking_proxy", counted)
    pack = Pack()
    decoded.clear()
    pack.ask(stack[0])
    assert len(decoded) == 1
    decoded.clear()
    pack.ask_stack(stack)
    assert len(decoded) == 2 * len(stack)


def test_each_request_is_decoded_anew() -> None:
    """A resource that is asked about again with other values is judged by those."""
    pack, account = Pack(), two_phases()["account"]
    wrong = replace(account, props=with_change(account.props, "identity", None))
    assert [bool(pack.ask(thing)) for thing in (account, wrong, account, wrong)] == [
        False,
        True,
        False,
        True,
    ]


def test_whoever_reads_the_stack_first_takes_it_from_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """An SDK that looks at the resources of a request before it asks the rules, as for a log, changes no
    answer; nor does a policy of somebody else's in the same pack, which sees the whole stack itself."""
    seen: list[int] = []
    foreign = [
        StackValidationPolicy(
            name=name, description=name, validate=lambda args, report: seen.append(len(args.resources))
        )
        for name in ("before", "after")
    ]
    original = servicer.AnalyzeStack

    def curious(self: Any, request: Any, context: Any) -> Any:
        assert len(list(request.resources)) == len(request.resources) > 0
        return original(self, request, context)

    monkeypatch.setattr(servicer, "AnalyzeStack", curious)
    wrong = two_phases()
    del wrong["grant"]
    first, *others = make_policies(lambda: NOW)
    answers = run(wrong, Pack(policies=[foreign[0], first, *others, foreign[1]]))
    assert {one.rule for one in answers if one.level == "mandatory"} == {"grant-present"}
    assert seen == [len(wrong)] * 2


def test_an_empty_stack_is_refused_where_the_run_declares_resources() -> None:
    """Rules that are shown nothing of what they were asked about before refuse; a stack that is empty holds
    to every rule."""
    assert Pack().ask_stack([]) == []
    pack = Pack()
    pack.ask(two_phases()["vault"])
    refused = {one.rule for one in pack.ask_stack([]) if one.level == "mandatory"}
    assert {"grant-present", "vault-purge-protection", "one-writer"} <= refused


@pytest.mark.parametrize("missing", _WRAPPED)
def test_an_sdk_without_a_part_starts_no_pack(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    """What makes the policies says which SDK it needs, and leaves the one there is as it was."""
    monkeypatch.delattr(sdk, missing)
    before = dict(vars(sdk))
    with pytest.raises(RuntimeError, match=r"pip install 'pulumi-policy>=1\.21"):
        make_policies()
    assert vars(sdk) == before


def test_an_sdk_that_decodes_in_another_way_starts_no_pack(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has every name and does not use them: the pack would not know which values are secrets."""
    own = json_format.MessageToDict

    class Renamed(servicer):  # type: ignore[misc]
        def Analyze(self, request: Any, context: Any) -> Any:
            own(request.properties)
            return sdk.proto.AnalyzeResponse()

    monkeypatch.setattr(sdk, "_PolicyAnalyzerServicer", Renamed)
    with pytest.raises(RuntimeError, match="secrets"):
        decode_once()
