"""`python -m review.drift refresh.json`: a line of Markdown for each resource that a refresh found changed.

A line tells a newer version of a key, which the vault's rotation makes, from a change that somebody made.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from core.resource_types import Kind, kind_of
from core.values import look
from review import printers
from review.printers import Form, ReportLine, Shown, Text
from review.resource import name_of

_CHANGED: Final = frozenset({"update", "delete"})
# What a new version of a key brings with it. Whether it may be used, and for what, is not there.
_OF_A_VERSION: Final = frozenset({"created", "updated", "expires", "notBefore"})
_NOTHING: Final[Mapping[str, Any]] = {}


def changes(document: Mapping[str, Any]) -> Iterator[Text]:
    """A line for each resource that a `pulumi refresh --preview-only --json` finds changed."""
    for step in document.get("steps") or ():
        if step.get("op") not in _CHANGED:
            continue
        before, after = step.get("oldState") or _NOTHING, step.get("newState") or _NOTHING
        name = Shown(name_of(str(step.get("urn", ""))))
        old, new = before.get("outputs") or _NOTHING, after.get("outputs") or _NOTHING
        if step["op"] == "delete":
            yield (name, " was deleted outside Pulumi")
        elif kind_of(str(before.get("type", ""))) is Kind.KEY and only_rotated(old, new):
            yield (name, " has a newer version; the next update takes it unless it is pinned")
        elif found := [part for one in _differing(old, new) for part in (", ", Shown(one))]:
            yield (name, " was changed outside Pulumi: ", *found[1:])


def only_rotated(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether a key's outputs differ by a new version and nothing but its times."""
    before, after = (look(one, "attributes") or _NOTHING for one in (old, new))
    both = isinstance(before, Mapping) and isinstance(after, Mapping)
    changed = set(_differing(old, new))
    is_newer = "keyUriWithVersion" in changed and changed <= {"keyUriWithVersion", "attributes"}
    return is_newer and both and set(_differing(before, after)) <= _OF_A_VERSION


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))


def main(path: str) -> None:
    """Writes the lines. Writes nothing for a text that is no preview, which the review itself refuses."""
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError:
        return
    if isinstance(document, dict):
        sys.stdout.write(printers.markdown(ReportLine(Form.ITEM, (one,)) for one in changes(document)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
