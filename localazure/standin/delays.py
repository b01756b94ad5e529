"""How long the stand-in waits between polls and before it tries again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Delays:
    """Seconds. The real provider polls every 10 s (writes) or 30 s (deletes), retries after 20 s doubling to
    120 s, and follows every Retry-After; locally all of these are cut to the caps."""

    poll: float = 0.05
    retry: float = 0.1
    longest_retry: float = 2.0

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Delays:
        """From LOCALAZURE_POLL_SECONDS, LOCALAZURE_RETRY_SECONDS and LOCALAZURE_LONGEST_RETRY_SECONDS."""

        def seconds(name: str, default: float) -> float:
            text = environ.get(name) or str(default)
            try:
                return float(text)
            except ValueError as error:
                raise ValueError(f"{name} is '{text}'; it has to be a number of seconds") from error

        return cls(
            poll=seconds("LOCALAZURE_POLL_SECONDS", cls.poll),
            retry=seconds("LOCALAZURE_RETRY_SECONDS", cls.retry),
            longest_retry=seconds("LOCALAZURE_LONGEST_RETRY_SECONDS", cls.longest_retry),
        )
