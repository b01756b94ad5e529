"""What the engine sends is read once for all rules, which share their pack with no others, and with an SDK
that they are tested with."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, StackValidationPolicy, policy

from policies import analyzer
from policies.analyzer import PACK_NAME, Analyzer, make_policies
from policies.used import UsedProtections
from tests.policies.asking import Pack
from tests.policies.bags import with_change
from tests.policies.stacks import two_phases

sdk: Any = policy


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The SDK's servicer as it comes, for the time of a test."""
    wrapped = sdk._PolicyAnalyzerServicer
    servicer = wrapped.__mro__[1] if wrapped is Analyzer else wrapped
    monkeypatch.setattr(sdk, "_PolicyAnalyzerServicer", servicer)
    return servicer


def test_a_message_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request costs one reading of each resource, not one for each rule; a stack's model is built once."""
    stack, done = list(two_phases().values()), Counter[str]()
    for name, call in (("_resource", analyzer._resource), ("UsedProtections", UsedProtections)):

        def counted(*given: Any, name: str = name, call: Any = call) -> Any:
            done[name] += 1
            return call(*given)

        monkeypatch.setattr(analyzer, name, counted)
    pack = Pack()
    pack.ask(stack[0])
    assert done == {"_resource": 1}
    pack.ask_stack(stack)
    assert done == {"_resource": 1 + len(stack), "UsedProtections": 1}


def test_each_request_is_read_anew() -> None:
    """A resource that is asked about again with other values is judged by those."""
    pack, account = Pack(), two_phases()["account"]
    wrong = replace(account, props=with_change(account.props, "identity", None))
    asked = (account, wrong, account, wrong)
    assert [bool(pack.ask(thing)) for thing in asked] == [False, True, False, True]


@pytest.mark.parametrize("kind", [ResourceValidationPolicy, StackValidationPolicy])
def test_a_policy_of_somebody_elses_is_refused(kind: Any) -> None:
    """It would see no resource in this pack, and pass whatever it is asked about."""
    foreign = kind(name="foreign", description="foreign", validate=lambda args, report: None)
    with pytest.raises(
        RuntimeError, match="foreign would see nothing in this pack: put them into a pack of their own"
    ):
        Analyzer(PACK_NAME, "0.0.1", [*make_policies(), foreign], EnforcementLevel.ADVISORY)


def test_an_empty_stack_is_refused_where_the_run_declares_resources() -> None:
    """Rules that are shown nothing of what they were asked about before refuse; a stack that is empty holds
    to every rule."""
    assert Pack().ask_stack([]) == []
    pack = Pack()
    pack.ask(two_phases()["vault"])
    refused = {one.rule for one in pack.ask_stack([]) if one.level == "mandatory"}
    assert {"grant-present", "vault-purge-protection", "one-writer"} <= refused


@pytest.mark.parametrize("version", ["1.20.9", "1.22.0", "2.21.0"])
def test_an_sdk_of_another_version_starts_no_pack(
    monkeypatch: pytest.MonkeyPatch, plain: Any, version: str
) -> None:
    """What makes the policies says which SDK it needs, and leaves the one there is as it was."""
    monkeypatch.setattr(sdk, "VERSION", version)
    with pytest.raises(RuntimeError, match=r"pip install 'pulumi-policy>=1\.21"):
        make_policies()
    assert sdk._PolicyAnalyzerServicer is plain


def test_an_sdk_without_its_servicer_starts_no_pack(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have given the class another name."""
    monkeypatch.delattr(sdk, "_PolicyAnalyzerServicer")
    with pytest.raises(RuntimeError, match=r"pip install 'pulumi-policy>=1\.21"):
        make_policies()


def test_rules_that_are_asked_in_another_way_pass_nothing(plain: Any) -> None:
    """Whoever asks them past what reads the request gets an error."""
    asked = plain("pack", "0.0.1", make_policies(), EnforcementLevel.MANDATORY)
    for ask, request in (
        (asked.Analyze, sdk.proto.AnalyzeRequest()),
        (asked.AnalyzeStack, sdk.proto.AnalyzeStackRequest()),
    ):
        with pytest.raises(RuntimeError, match="was not read before its policies were asked"):
            ask(request, None)
