"""Lives of a service in a vault of others, on the real engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.remediation.engine_lives import live

pytestmark = [pytest.mark.engine, pytest.mark.timeout(7200), pytest.mark.long]


def test_every_refusal_leads_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a service in this mode."""
    live("existing vault", tmp_path, capsys)
