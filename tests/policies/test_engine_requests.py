"""What the engine sends is read once for all rules, which share their pack with no others, and no SDK passes
that would hide secrets from it."""

from dataclasses import replace
from typing import Any

import pytest
from google.protobuf import json_format
from pulumi_policy import ResourceValidationPolicy, StackValidationPolicy, policy

from policies import engine_requests
from policies.adapter import make_policies
from policies.used import UsedProtections
from tests.policies.asking import NOW, Pack
from tests.policies.bags import with_change
from tests.policies.stacks import run, two_phases

sdk: Any = policy
NEEDED = ("Analyze", "AnalyzeStack")


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The SDK's servicer as it comes, for the time of a test."""
    wrapped = sdk._PolicyAnalyzerServicer
    servicer = wrapped.__mro__[1] if getattr(wrapped, "reads_once", False) else wrapped
    monkeypatch.setattr(sdk, "_PolicyAnalyzerServicer", servicer)
    return servicer


def test_a_message_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request costs one reading of each resource, not one for each rule, and the SDK decodes none of it;
    the model of a stack is built once."""
    stack, read, decoded, built = list(two_phases().values()), list[Any](), list[Any](), list[Any]()

    def counting(calls: list[Any], call: Any) -> Any:
        def counted(*given: Any) -> Any:
            calls.append(given[0])
            return call(*given)

        return counted

    for place, name, calls in (
        (engine_requests, "_resource", read),
        (sdk, "unknown_checking_proxy", decoded),
        (UsedProtections, "__init__", built),
    ):
        monkeypatch.setattr(place, name, counting(calls, getattr(place, name)))
    pack = Pack()
    read.clear()
    decoded.clear()
    pack.ask(stack[0])
    assert len(read) == 1
    pack.ask_stack([one for one in stack if one is not stack[0]] + [stack[0]])
    assert len(read) == 1 + len(stack)
    assert not any(decoded)
    assert len(built) == 1


def test_each_request_is_read_anew() -> None:
    """A resource that is asked about again with other values is judged by those."""
    pack, account = Pack(), two_phases()["account"]
    wrong = replace(account, props=with_change(account.props, "identity", None))
    asked = (account, wrong, account, wrong)
    assert [bool(pack.ask(thing)) for thing in asked] == [False, True, False, True]


def test_whoever_reads_the_request_first_takes_it_from_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """An SDK that looks at the resources of a request before it asks the rules, as for a log, changes no
    answer."""
    original = sdk._PolicyAnalyzerServicer.AnalyzeStack

    def curious(self: Any, request: Any, context: Any) -> Any:
        assert len(list(request.resources)) == len(request.resources) > 0
        return original(self, request, context)

    monkeypatch.setattr(sdk._PolicyAnalyzerServicer, "AnalyzeStack", curious)
    wrong = two_phases()
    del wrong["grant"]
    assert {one.rule for one in run(wrong) if one.level == "mandatory"} == {"grant-present"}


@pytest.mark.parametrize("kind", [ResourceValidationPolicy, StackValidationPolicy])
def test_a_policy_of_somebody_elses_is_refused(kind: Any) -> None:
    """It would see no resource in this pack, and pass whatever it is asked about."""
    foreign = kind(name="foreign", description="foreign", validate=lambda args, report: None)
    with pytest.raises(
        RuntimeError, match="foreign would see nothing in this pack: put them into a pack of their own"
    ):
        Pack(policies=[*make_policies(lambda: NOW), foreign])


def test_an_empty_stack_is_refused_where_the_run_declares_resources() -> None:
    """Rules that are shown nothing of what they were asked about before refuse; a stack that is empty holds
    to every rule."""
    assert Pack().ask_stack([]) == []
    pack = Pack()
    pack.ask(two_phases()["vault"])
    refused = {one.rule for one in pack.ask_stack([]) if one.level == "mandatory"}
    assert {"grant-present", "vault-purge-protection", "one-writer"} <= refused


@pytest.mark.parametrize("missing", NEEDED)
def test_an_sdk_without_a_part_starts_no_pack(
    monkeypatch: pytest.MonkeyPatch, plain: Any, missing: str
) -> None:
    """What makes the policies says which SDK it needs, and leaves the one there is as it was."""
    monkeypatch.delattr(plain, missing)
    with pytest.raises(RuntimeError, match=r"pip install 'pulumi-policy>=1\.21"):
        make_policies()
    assert sdk._PolicyAnalyzerServicer is plain


def test_an_sdk_without_its_servicer_starts_no_pack(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have given the class another name."""
    monkeypatch.delattr(sdk, "_PolicyAnalyzerServicer")
    with pytest.raises(RuntimeError, match=r"pip install 'pulumi-policy>=1\.21"):
        make_policies()


@pytest.mark.parametrize("way", ["asks nobody", "asks in another thread"])
def test_an_sdk_that_asks_in_another_way_starts_no_pack(
    monkeypatch: pytest.MonkeyPatch, plain: Any, way: str
) -> None:
    """It has every name and does not use them: the pack would not know which values are secrets."""

    class Renamed(plain):  # type: ignore[misc]
        def Analyze(self, request: Any, context: Any) -> Any:
            if way == "asks nobody":
                return sdk.proto.AnalyzeResponse()
            json_format.MessageToDict(request.properties)
            engine_requests._request.resources = None
            return super().Analyze(request, context)

    monkeypatch.setattr(sdk, "_PolicyAnalyzerServicer", Renamed)
    with pytest.raises(RuntimeError, match="pulumi-policy"):
        make_policies()
