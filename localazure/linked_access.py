"""What a write takes besides its own action: an action on each resource that its body refers to.

They are in `linked_access.json`, with their sources. Does not own: identities of accounts and approvals
of endpoints, which depend on more than the body.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from localazure.authorization import require_linked
from localazure.cloud import Cloud
from localazure.web import Request

_CHECKS: Mapping[str, Mapping[str, str]] = json.loads(
    Path(__file__).with_name("linked_access.json").read_text()
)["checks"]
"""By the action of a write: where its body has ids, and the action that it takes on each."""


def require(cloud: Cloud, request: Request, permission: str, scope: str) -> None:
    """Raises ARM's 403 LinkedAuthorizationFailed for the first resource that the caller may not link."""
    for path, action in _CHECKS.get(permission, {}).items():
        for id in _ids(request.body, path.split(".")):
            require_linked(cloud, request.caller, action, id, doing=permission, scope=scope)


def _ids(value: Any, path: list[str]) -> Iterator[str]:
    """The ids at a path; a list on the way stands for each of its items. What is no id is for the resource's
    own checks."""
    if isinstance(value, list) and path:
        for item in value:
            yield from _ids(item, path)
    elif isinstance(value, dict) and path:
        yield from _ids(value.get(path[0]), path[1:])
    elif isinstance(value, str) and "/providers/" in value and not path:
        yield value
