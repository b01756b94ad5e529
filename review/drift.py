"""`python -m review.drift refresh.json`: a line of Markdown for each resource that a refresh found changed.

A line tells a newer version of a key, which the vault's rotation makes, from a change that somebody made.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from core.resource_types import Kind, kind_of
from core.values import look
from review import printers
from review.preview import parsed
from review.printers import Form, Shown, Text, line, listed
from review.resource import name_of

# What a new version of a key brings with it. Whether it may be used, and for what, is not there.
_OF_A_VERSION: Final = frozenset({"created", "updated", "expires", "notBefore"})


def changes(document: Mapping[str, Any]) -> Iterator[Text]:
    """A line for each resource that a `pulumi refresh --preview-only --json` finds changed."""
    for step in document.get("steps") or ():
        name = Shown(name_of(str(step.get("urn", ""))))
        before, after = step.get("oldState") or {}, step.get("newState") or {}
        differ = _differing(before.get("outputs"), after.get("outputs"))
        if step.get("op") == "delete":
            yield (name, " was deleted outside Pulumi")
        elif step.get("op") != "update" or not differ:
            continue
        elif kind_of(str(before.get("type", ""))) is Kind.KEY and _is_rotation(before, after, differ):
            yield (name, " has a newer version; the next update takes it unless it is pinned")
        else:
            yield (name, " was changed outside Pulumi: ", *listed((Shown(one),) for one in differ))


def _is_rotation(before: Mapping[str, Any], after: Mapping[str, Any], differ: Sequence[str]) -> bool:
    """Whether a key's outputs differ by a new version and nothing but its times."""
    old, new = (look(one, "outputs.attributes") for one in (before, after))
    is_newer = "keyUriWithVersion" in differ and {*differ} <= {"keyUriWithVersion", "attributes"}
    has_both = isinstance(old, Mapping) and isinstance(new, Mapping)
    return is_newer and has_both and {*_differing(old, new)} <= _OF_A_VERSION


def _differing(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> list[str]:
    before, after = old or {}, new or {}
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def main(path: str) -> None:
    """Writes the lines. Writes nothing for a text that is no preview, which the review itself refuses."""
    try:
        document = parsed(Path(path).read_text(encoding="utf-8"))
    except ValueError:
        return
    sys.stdout.write(printers.markdown(line(Form.ITEM, *one) for one in changes(document)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
