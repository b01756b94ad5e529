"""Each example in docs/examples that uses the components as a package lives a whole life on the real
engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.azure import RunningAzure
from tests.support.consumers import HOSTS, live

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1200), pytest.mark.long]


@pytest.mark.parametrize("example", HOSTS)
def test_an_example_is_deployed_changed_rotated_and_destroyed(
    example: str, empty_azure: RunningAzure, tmp_path: Path
) -> None:
    """Under the policy pack, on a stack that is not called dev: `pulumi install` is enough and writes into no
    file of the example; the account is bound, stays on its key when it is changed, follows a rotation, and
    goes; no write ever took it off a key."""
    live(example, empty_azure, tmp_path)
