"""What is said when Azure Policy forbids an account without a key."""

from __future__ import annotations

from components.azure_policy.denial import explanation


def test_a_denial_is_explained_with_the_setting_that_helps() -> None:
    """Azure names its policy; the way out is this project's to say."""
    errors = ['Code="RequestDisallowedByPolicy" Message="Resource \'lang-a\' was disallowed by policy."']
    words = explanation("claims", errors)
    assert words
    for expected in ("service 'claims'", "Set identity: userAssigned", "exempted"):
        assert expected in words


def test_other_failures_are_left_to_speak_for_themselves() -> None:
    """What is no denial gets no advice about policies."""
    assert explanation("claims", ['Code="CustomDomainInUse"', "timeout"]) is None
