"""An answer of Azure to one request of the stand-in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Answer:
    """One HTTP answer; header names are lower case, `body` is the decoded JSON or None, `content` the same as
    it came, and `request` the method and the URL, without its query, that it answers."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content: str = ""
    request: str = ""

    @property
    def text(self) -> str:
        return self.content or ("" if self.body is None else json.dumps(self.body, separators=(",", ":")))
