"""Settings that the stacks of a fleet share: what fleet.yaml adds below each stack's own file.

There is one precedence, and what comes later wins; of a group such as `key`, setting by setting:

1. `settings` of fleet.yaml,
2. `settings` of each entry of its `labels` that matches the stack, in the order of the file,
3. the stack's own file, Pulumi.<stack>.yaml,
4. of a stack of several services, what the service says itself.

The program reads fleet.yaml itself, so a plain `pulumi up` of one stack has the same settings as the fleet.
Does not own: what a setting may be (components/service_args.py). Pure, but for `read`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pulumi
import yaml

from components.arguments.inputs import shown
from components.arguments.problem import Problem
from core.environment import NAMESPACE
from settings.parse import SHARED_FILE, Values, merged

FILE = SHARED_FILE
OF_ONE_STACK = frozenset(
    {
        "accountName",
        "asFound",
        "name",
        "previousName",
        "removedServices",
        "revokeAccount",
        "services",
        "unbindAccount",
    }
)
"""Settings that name one service, or that are decided for one stack at a time."""

Selector = Mapping[str, tuple[str, ...]]
"""Labels, and the patterns of which the value of each must match one. An empty one matches every stack."""


class FleetFileError(pulumi.RunError):
    """fleet.yaml is wrong; the message names every problem."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = "1 entry is" if len(problems) == 1 else f"{len(problems)} entries are"
        lines = [f"{FILE}: {count} wrong; nothing was made or changed:"]
        super().__init__("\n".join([*lines, *(f"  {one.path}: {one.text}" for one in problems)]))


@dataclass(frozen=True)
class SharedSettings:
    """Which stacks belong to the fleet, and the levels of what they share, each with whom it is for. Without
    a fleet.yaml, none and nothing."""

    stacks: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    levels: tuple[tuple[Selector, Values], ...] = ()

    def includes(self, stack: str) -> bool:
        """Whether a stack belongs to the fleet."""
        return _any(stack, self.stacks) and not _any(stack, self.exclude)

    def of(self, stack: str, labels: Mapping[str, str]) -> tuple[Values, ...]:
        """The levels that a stack with these labels has, the weakest first."""
        if not self.includes(stack):
            return ()
        return tuple(settings for match, settings in self.levels if matches(match, labels))


def settings_of(stack: str, config: Mapping[str, object]) -> Values:
    """What fleet.yaml in this folder shares with a stack, by the full keys of its own configuration. Raises
    FleetFileError."""
    return merged(*read(Path()).of(stack, labels_of(stack, config)))


def labels_of(stack: str, config: Mapping[str, object]) -> dict[str, str]:
    """The labels of a stack: its tags, and besides `stack`, `location` and `subscription`.

    `config` is the stack's own, by full keys. What fleet.yaml sets gives no label, for labels decide what it
    sets.
    """
    tags, location = config.get(f"{NAMESPACE}tags"), config.get(f"{NAMESPACE}location")
    if isinstance(tags, str):
        with suppress(ValueError):
            tags = json.loads(tags)
    found = {str(name): str(value) for name, value in tags.items()} if isinstance(tags, Mapping) else {}
    subscription = config.get("azure-native:subscriptionId")
    own = {"location": location, "subscription": subscription, "stack": stack}
    return {**found, **{name: value for name, value in own.items() if isinstance(value, str)}}


def matches(match: Selector, labels: Mapping[str, str]) -> bool:
    """Whether a stack with these labels is selected: each label is there and matches one of its patterns."""
    return all(name in labels and _any(labels[name], patterns) for name, patterns in match.items())


def read(folder: Path) -> SharedSettings:
    """What fleet.yaml in a folder shares; nothing where there is none. Raises FleetFileError."""
    try:
        text = (folder / FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return SharedSettings()
    except OSError as error:
        raise FleetFileError([Problem(FILE, f"cannot be read: {error.strerror}")]) from error
    return shared(document(text))


def document(text: str) -> Mapping[str, object]:
    """The content of a fleet.yaml. Raises FleetFileError."""
    try:
        loaded = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise FleetFileError([Problem(FILE, f"is not YAML: {error}")]) from error
    if not isinstance(loaded, Mapping):
        raise FleetFileError([Problem(FILE, f"found {shown(loaded)}, expected an object")])
    return loaded


def shared(document: Mapping[str, object]) -> SharedSettings:
    """The shared settings of a document. Raises FleetFileError with every problem."""
    found, problems = judged(document)
    if problems:
        raise FleetFileError(problems)
    return found


def judged(document: Mapping[str, object]) -> tuple[SharedSettings, list[Problem]]:
    """The shared settings of a document, and what is wrong with them."""
    problems: list[Problem] = []
    stacks, exclude = (_patterns(document.get(name, []), name, problems) for name in ("stacks", "exclude"))
    if not stacks:
        problems.append(Problem("stacks", "is required; for example ['prod-*']"))
    of_all: Selector = {}
    levels = [(of_all, _settings(document.get("settings") or {}, "settings", problems))]
    listed = document.get("labels") or []
    if not isinstance(listed, list):
        problems.append(Problem("labels", f"found {shown(listed)}, expected a list of objects"))
        listed = []
    for index, entry in enumerate(listed):
        place = f"labels[{index}]"
        if not isinstance(entry, Mapping) or set(entry) != {"match", "settings"}:
            problems.append(Problem(place, f"found {shown(entry)}, expected an object of match and settings"))
            continue
        match = selector(entry["match"], f"{place}.match", problems)
        levels.append((match, _settings(entry["settings"], f"{place}.settings", problems)))
    return SharedSettings(stacks, exclude, tuple(levels)), problems


def selector(value: object, place: str, problems: list[Problem]) -> Selector:
    """The labels that an entry selects; each with a pattern, or a list of them."""
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        problems.append(Problem(place, f"found {shown(value)}, expected labels and patterns"))
        return {}
    return {
        name: _patterns([one] if isinstance(one, str) else one, f"{place}.{name}", problems)
        for name, one in value.items()
    }


def _patterns(value: object, place: str, problems: list[Problem]) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    problems.append(Problem(place, f"found {shown(value)}, expected a list of texts such as 'prod-*'"))
    return ()


def _settings(value: object, place: str, problems: list[Problem]) -> Values:
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        problems.append(Problem(place, f"found {shown(value)}, expected an object of settings"))
        return {}
    problems += [
        Problem(f"{place}.{name}", "is decided for one stack; set it in the stack's own file")
        for name in sorted(OF_ONE_STACK & set(value))
    ]
    if any(isinstance(one, Mapping) and "secure" in one for one in _within(value)):
        problems.append(
            Problem(place, "found a secret, which is encrypted for one stack; set it in the stack's own file")
        )
    return value


def _within(value: object) -> list[object]:
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else []
    return [value, *(found for one in inner for found in _within(one))]


def _any(text: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)
