"""An account that a program makes with azure-native itself: what protects its key, and what cannot.

No component is there to put the key into an update, so that each update needs a refresh before it. The hook,
or the policy pack's preview, refuses one that goes without.
"""

from __future__ import annotations

import pytest

from tests.continuity.conftest import Standing
from tests.continuity.consumers import Consumer

pytestmark = [pytest.mark.engine, pytest.mark.timeout(3600), pytest.mark.long]

TAGS = {"owner": "another"}
MADE = ["PUT", "PATCH"]


def writes(consumer: Consumer) -> list[str]:
    return [state["why"] for state in consumer.judge.history()]


def test_the_hook_refuses_what_a_refresh_lets_through(stands: Standing) -> None:
    """In the preview and in the update; after a refresh the account is written with its key, where the
    program ignores changes of it, and else refused again."""
    consumer = stands("plain")
    consumer.say(guarded=True, tags=TAGS)
    for run in (consumer.stack.pulumi("preview"), consumer.up()):
        assert not run.ok
        assert "is bound to https://kv-claims.vault.azure.net/keys/cmk-claims/" in run.output
        assert "Run `pulumi refresh`" in run.output
    consumer.say(guarded=True, tags=TAGS, ignored=False)
    forgotten = consumer.up("--refresh")
    assert not forgotten.ok
    assert 'needs ignore_changes=["properties.encryption"]' in forgotten.output
    assert writes(consumer) == MADE
    consumer.say(guarded=True, tags=TAGS)
    consumer.must_up("--refresh")
    consumer.settle("--refresh")


def test_the_policy_pack_refuses_it_in_the_preview(stands: Standing) -> None:
    """`pulumi up`, which previews first, ends before it writes, and says what to do: refresh, and ignore
    changes of the encryption."""
    consumer = stands("plain")
    consumer.say(tags=TAGS)
    refused = consumer.stack.pulumi("up", "--yes", "--policy-pack", "policies")
    assert not refused.ok
    assert "account-write-keeps-key" in refused.output
    assert "pulumi up --refresh" in refused.output
    assert writes(consumer) == MADE
    for ignored in (True, False):
        consumer.say(tags=TAGS, ignored=ignored)
        preview = consumer.stack.pulumi("preview", "--refresh", "--policy-pack", "policies")
        assert ("account-write-keeps-key" in preview.output) is not ignored, preview.output


def test_what_nothing_protects(stands: Standing) -> None:
    """Neither hook nor refresh nor a preview under the pack: the account is unbound by its own write, until
    the binding, which takes a digest of what is written, binds it again in the same update."""
    consumer = stands("plain")
    consumer.say(tags=TAGS)
    consumer.must_up()
    assert writes(consumer) == [*MADE, *MADE]
    assert len(consumer.judge.lapses()) == 1
    assert consumer.judge.bound_version() == consumer.judge.versions()[-1]
