"""A subscription that changes under a stack, on the real engine: refused, nothing written."""

from __future__ import annotations

import pytest

from localazure.seed import OTHER_SUBSCRIPTION_ID
from tests.engine.shared import done, refused
from tests.support import cloud
from tests.support.azure import RunningAzure
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.long]
CONFIGURED = f"config:\n  azure-native:subscriptionId: {OTHER_SUBSCRIPTION_ID}\n"


def test_fails_on_another_subscription_though_the_engine_keeps_its_provider(
    stack: Stack, azure: RunningAzure
) -> None:
    """Configured for another subscription, the first run refuses, before the new one is in the state: else
    the next refresh would look for the grants there, and the state would lose them."""
    done(stack.deploy())
    original, account_id = stack.config_file.read_text(), stack.outputs()["accountId"]
    before = cloud.history(azure, account_id)
    stack.config_file.write_text(f"{original}\n".replace("config:\n", CONFIGURED, 1))
    run = refused(
        stack.deploy(),
        "nothing was made or changed",
        f"azure-native:subscriptionId: found {OTHER_SUBSCRIPTION_ID}",
        "its data are in",
        "none of the data",
    )
    assert cloud.history(azure, account_id) == before
    for words in ("Traceback", "unprotect", "unhandled error"):
        assert words not in run.output
    stack.config_file.write_text(original)
    done(stack.deploy("--expect-no-changes"))
