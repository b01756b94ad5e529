import json

import pytest

from review.preview import PreviewError, name_of, read, read_policies
from tests.review.build import BINDING, binding, bound, digest, step


@pytest.mark.parametrize(
    "written",
    [
        *("", "  \n", "error: no stack", "[]", "{}", '{"a": 1}\n{"b"', '"text"'),
        *('{"steps": ["x"], "changeSummary": {}}', '{"steps": {"op": "delete"}, "changeSummary": {}}'),
    ],
)
def test_fails_on_what_is_no_preview(written: str) -> None:
    """Anything that is not the engine's JSON is refused: an empty review would pass for a good one."""
    with pytest.raises(PreviewError, match="pulumi"):
        read(written)


def test_a_preview_without_its_summary_did_not_finish() -> None:
    """A preview that broke off fails closed."""
    assert not read(json.dumps({"steps": bound()})).finished
    assert read(digest(*bound())).finished


def test_the_streaming_form_is_refused_with_its_way_out() -> None:
    """It has no dependencies, by which a new account is known to be bound."""
    with pytest.raises(PreviewError, match="PULUMI_ENABLE_STREAMING_JSON_PREVIEW"):
        read(json.dumps({"sequence": 0, "preludeEvent": {}}) + "\n" + json.dumps({"sequence": 1}))


def test_policy_answers_are_read_from_an_event_log() -> None:
    """The one-document form leaves them out, so they come from the event log of the same preview."""
    event = {
        "policyName": "p",
        "enforcementLevel": "mandatory",
        "message": "What is so\n  found: m\n",
        "resourceUrn": "urn:pulumi:s::p::t::x",
    }
    (found,) = read_policies(json.dumps({"sequence": 0, "policyEvent": event}) + "\n")
    assert (found.policy, found.refuses, found.urn) == ("p", True, event["resourceUrn"])
    assert found.message == "What is so; found: m"


def test_a_name_with_colons_does_not_hide_a_resource() -> None:
    """A logical name may hold the URN's own separator."""
    (found,) = read(digest(step("delete", BINDING, "a::b", binding()))).resources
    assert name_of(found.urn) == "a::b"


STACK = {"urn": "urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod", "oldState": {}, "op": "refresh"}


def test_a_refresh_is_told_from_a_plan_whatever_the_order() -> None:
    """The stack's own refresh comes anywhere among the others; `pulumi destroy` plans the stack last."""
    refreshed = [step("refresh", BINDING, "b", binding(), binding()), STACK]
    planned = [step("delete", BINDING, "b", binding()), {**STACK, "op": "delete"}]
    for first in (refreshed, refreshed[::-1]):
        for second in (planned, planned[::-1], planned[:1]):
            (found,) = read(digest(*first, *second)).resources
            assert found.deleted, (first, second)


def test_what_a_refresh_alone_finds_is_no_plan() -> None:
    """`pulumi refresh --preview-only` calls a step by what it found, before or after the stack's own step."""
    gone = step("delete", BINDING, "b", binding())
    for steps in ([gone, STACK], [STACK, gone]):
        (found,) = read(digest(*steps)).resources
        assert (found.recorded is not None, found.live, found.deleted) == (True, None, False)
