"""Lives of a service whose identity has an access policy, on the real engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.remediation.engine_lives import live

pytestmark = [pytest.mark.engine, pytest.mark.timeout(7200), pytest.mark.long]


def test_every_refusal_leads_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a service with access policies."""
    live("access policies", tmp_path, capsys)
