"""Makes a stack's configuration its settings, or a list of all its problems.

Decodes values, applies what several services share, and names each problem's place in the file. Pure.
"""

import dataclasses
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from functools import partial
from uuid import UUID

import pulumi

from components.arguments.inputs import arguments, examine, hidden, shown, texts_in, top
from core import commands, documents, regions
from core.environment import NAMESPACE
from core.resource_types import camel_case
from core.service.problem import Fix, Problem
from settings.model import ServiceSettings, Settings
from settings.services import problems_between

Values = Mapping[str, object]
SHARED_FILE = "fleet.yaml"
"""What a fleet's stacks share (settings/shared.py)."""
SERVICES = "services"
REMOVED = "removedServices"
_ARGUMENTS = {camel_case(name): declared for name, declared in arguments(ServiceSettings).items()}
_SHORTEST_SECRET = 4
_NEARLY = 0.85
"""How alike a misspelt namespace is, as difflib counts; `language` is 0.8, `azure-cmk` 0.67."""
_LOGIN = "azure-native:"


class SettingsError(pulumi.RunError):
    """The settings of a stack are wrong. The message names every problem; nothing was made or changed."""

    def __init__(self, problems: Sequence[Problem], stack: str = "") -> None:
        self.problems = tuple(problems)
        count = "1 setting is" if len(problems) == 1 else f"{len(problems)} settings are"
        lines = [f"{count} wrong; nothing was made or changed:"]
        lines += [f"  {full_key(problem.path)}: {problem.text}" for problem in problems]
        fixed = sum(problem.fix is not None for problem in problems)
        if fixed and stack:
            command = commands.operate(f"settings --stack {stack} --fix")
            lines.append(f"`{command}` corrects {fixed} of {len(problems)} in the stack's file")
        super().__init__("\n".join(lines))


def full_key(path: str) -> str:
    """A setting's path as the stack's file has it."""
    return path if ":" in path else NAMESPACE + path


def parse(
    config: Mapping[str, object],
    *,
    secret: frozenset[str] = frozenset(),
    shared: Mapping[str, object] | None = None,
    login: Mapping[str, str] | None = None,
    stack: str = "",
    others: Collection[str] = (),
) -> Settings:
    """The settings in a configuration, laid over those that the stack shares with its fleet. The
    configuration's keys come without their namespace, and its values may still be texts. `login` has the
    stack's configuration of azure-native; `stack` is the stack's name, for names; `others` are the full keys
    of all else that the stack has.

    Values of `secret` keys appear in no message. Raises SettingsError with every problem.
    """
    own, login = decoded(config), login or {}
    examined = partial(examine, ServiceSettings, spelling=camel_case, _stack=stack)
    raw = merged(shared or {}, own)
    problems = [*_placeholders(login), *_misspelt(others, {*raw}), *_without_path(raw)]
    services: list[ServiceSettings] = []
    removed = _removed(raw.pop(REMOVED, []), problems)
    for prefix, alone, common in _services(raw, problems):
        given = _normalised(merged(common, alone))
        others = [] if prefix else [SERVICES, REMOVED]
        service, wrong = examined(given, others=others)
        if service.previous_name and not wrong:
            # What was made is known by the name that it was made with.
            service, wrong = examined({**given, "name": service.previous_name})
        services.append(dataclasses.replace(service, _label=str(given.get("name"))))
        problems += [
            dataclasses.replace(problem, path=_place(problem.path, alone, prefix)) for problem in wrong
        ]
    if not problems:
        problems += problems_between(services)
        problems += _removed_but_listed(services, removed)
    if problems:
        unique = [_of_fleet(problem, own, shared or {}) for problem in dict.fromkeys(problems)]
        # Shorter ones may be words of a message.
        texts = {text for key in secret for text in texts_in(raw.get(key)) if len(text) >= _SHORTEST_SECRET}
        raise SettingsError(hidden(unique, texts, secret), stack)
    return Settings(
        services=tuple(services),
        removed_services=removed,
        subscription_id=login.get("subscriptionId"),
        tenant_id=login.get("tenantId"),
    )


def merged(*levels: Values) -> dict[str, object]:
    """Lays settings over each other, the strongest last; inside a group, setting by setting."""
    found: dict[str, object] = {}
    for level in levels:
        for name, value in level.items():
            below = found.get(name)
            both = isinstance(below, Mapping) and isinstance(value, Mapping)
            found[name] = merged(below, value) if both else value  # type: ignore[arg-type]
    return found


def _placeholders(login: Mapping[str, str]) -> Iterator[Problem]:
    """A problem for each id that still has the zeros of Pulumi.prod.example.yaml."""
    for name in ("subscriptionId", "tenantId"):
        if name in login and not login[name].strip("0-"):
            yield Problem(
                f"{_LOGIN}{name}",
                "found the zeros of the example, expected an id of your own; without the line, the login's "
                "own counts",
            )


def _misspelt(keys: Iterable[str], given: Container[str]) -> Iterator[Problem]:
    """A problem for each key whose namespace is nearly this project's: nothing would read it."""
    for key in keys:
        namespace, _, name = key.partition(":")
        if get_close_matches(namespace.lower(), [NAMESPACE.removesuffix(":")], cutoff=_NEARLY):
            yield Problem(
                key,
                f"found the namespace {namespace!r}, which nothing reads, expected "
                f"{NAMESPACE.removesuffix(':')!r}; run `pulumi config rm {key}`, then `pulumi config set "
                f"{NAMESPACE}{name} VALUE`",
                None if name in given else Fix(name=f"{NAMESPACE}{name}"),
            )


def _without_path(raw: dict[str, object]) -> Iterator[Problem]:
    """Takes out keys that were meant as a path into a group or list: `pulumi config set` makes a name with a
    dot of `network.access` unless it is called with `--path`. Yields a problem for each."""
    for key in [key for key in raw if top(key) != key and top(key) in {*_ARGUMENTS, SERVICES, REMOVED}]:
        del raw[key]
        yield Problem(
            key,
            f"found one name with this spelling, expected a setting inside {top(key)}; run "
            f"`pulumi config rm {NAMESPACE}{key}`, then `pulumi config set --path {NAMESPACE}{key} VALUE`",
            Fix(name=f"{NAMESPACE}{key}"),
        )


def _removed(value: object, problems: list[Problem]) -> tuple[str, ...]:
    """The services that the stack is to delete."""
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return tuple(value)
    fix = Fix([value]) if isinstance(value, str) else None
    problems.append(Problem(REMOVED, f"found {shown(value)}, expected a list of service names", fix))
    return ()


def _removed_but_listed(services: Sequence[ServiceSettings], removed: Sequence[str]) -> Iterator[Problem]:
    for name in {service.name for service in services} & set(removed):
        yield Problem(
            REMOVED, f"names {name!r}, which is also a service of this stack; remove it from one of them"
        )


def _of_fleet(problem: Problem, own: Mapping[str, object], shared: Mapping[str, object]) -> Problem:
    """A problem that names fleet.yaml if the setting stands there and not in the stack's own file."""
    name, _, inner = problem.path.partition(".")
    name = top(name)
    group = own.get(name)
    within = isinstance(group, Mapping) and (not inner or top(inner) in group)
    if name not in shared or (name in own and (within or not isinstance(group, Mapping))):
        return problem
    return Problem(problem.path, f"{problem.text} (set in {SHARED_FILE})")


def decoded(config: Mapping[str, object]) -> dict[str, object]:
    """A configuration with its values decoded, which Pulumi hands over as texts; a text setting stays one,
    whatever it looks like. A group or list below whose key everything is commented out comes as an empty
    text, and has no value."""
    found: dict[str, object] = {}
    for key, value in config.items():
        declared, plain = _ARGUMENTS.get(key), value
        if isinstance(value, str) and (declared is None or declared.words != "text"):
            if declared and not value:
                continue
            with suppress(ValueError):
                plain = documents.of_json(value)
        found[key] = plain
    return found


def _services(
    raw: Mapping[str, object], problems: list[Problem]
) -> Iterator[tuple[str, Mapping[str, object], Mapping[str, object]]]:
    """Each service's path, its own settings, and those that it shares with the others."""
    shared = {key: value for key, value in raw.items() if key != SERVICES}
    if SERVICES not in raw:
        yield "", shared, {}
        return
    if "name" in shared:
        text = "is for a stack of one service; with services, each has its own name"
        problems.append(Problem("name", text, Fix()))
        del shared["name"]
    listed = raw[SERVICES]
    if not isinstance(listed, list) or not listed:
        problems.append(
            Problem(SERVICES, f"found {shown(listed)}, expected a list with at least one service")
        )
        return
    for index, own in enumerate(listed):
        if isinstance(own, dict):
            yield f"{SERVICES}[{index}].", own, shared
        else:
            problems.append(Problem(f"{SERVICES}[{index}]", f"found {shown(own)}, expected an object"))


def _normalised(settings: dict[str, object]) -> dict[str, object]:
    """The settings with the API's spelling of regions and object ids, and with tags, even if there are none.

    Resources were always made with these spellings, so another one would show as a change.
    """
    location, vault = settings.get("location"), settings.get("vault")
    if isinstance(location, str):
        with suppress(ValueError):
            settings["location"] = regions.region(location)
    if isinstance(vault, dict) and isinstance(vault.get("keyOperators"), list):
        settings["vault"] = {**vault, "keyOperators": [_guid(one) for one in vault["keyOperators"]]}
    if settings.get("tags") is None:
        settings["tags"] = {}
    return settings


def _guid(text: object) -> object:
    try:
        return str(UUID(text)) if isinstance(text, str) else text
    except ValueError:
        return text


def _place(path: str, own: Mapping[str, object], prefix: str) -> str:
    """The place where the user wrote a setting: at the service, or among the settings that all services
    share."""
    return prefix + path if top(path) in {*own, "name"} else path
