"""What tests on the real engine say again and again."""

from __future__ import annotations

from tests.support.stack import Run


def done(run: Run) -> Run:
    """A run that has to succeed, with its output where it does not."""
    assert run.ok, run.output
    return run


def refused(run: Run, *words: str) -> Run:
    """A run that has to fail, in these words."""
    assert not run.ok, run.output
    for word in words:
        assert word in run.output, f"{word} is not in:\n{run.output}"
    return run
