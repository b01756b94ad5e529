"""Physical names: the rule that gives each resource its name in Azure, and Azure's limits on names.

`DEFAULTS` is the rule; a service's `names` replaces it by templates.

Names that the rule gives are checked, never shortened: a shortened name could be another service's, too.
Limits: learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules; prefixes: Microsoft's
Cloud Adoption Framework.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final, NamedTuple

from core.regions import normalised
from core.resource_types import camel_case


@dataclass(frozen=True)
class Limit:
    """What Azure allows in one kind of name. `allowed` says the pattern in words."""

    noun: str
    shortest: int
    longest: int
    pattern: str
    allowed: str

    def checked(self, name: str) -> str:
        """The name itself. Raises ValueError when Azure would refuse it."""
        if not self.shortest <= len(name) <= self.longest:
            allowed = f"Azure allows {self.shortest} to {self.longest}"
            raise ValueError(f"{self.noun} {name!r} has {len(name)} characters, {allowed}")
        if not re.fullmatch(self.pattern, name):
            raise ValueError(f"{self.noun} {name!r} is not allowed: {self.allowed}")
        return name


_HYPHENS = "letters, digits and hyphens"
_GROUP = (
    r"[\w().-]*[\w()-]",
    "letters, digits, underscores, hyphens, periods and parentheses, no period at the end",
)
_CHILD = "letters, digits, underscores, periods and hyphens, a letter or digit first"
_SUBDOMAIN = f"lower-case {_HYPHENS}, no hyphen at either end, because it is the endpoint's subdomain too"
_SETTING = r"any characters but *&%:<>?+/\, no space or period at the end"
_SERVICE = "lower-case letters, digits and single hyphens, a letter first, no hyphen at the end"
_VAULT = "letters, digits and single hyphens, a letter first, no hyphen at the end"
_IDENTITY = "letters, digits, hyphens and underscores, a letter or digit first"

RESOURCE_GROUP = Limit("resource group name", 1, 90, *_GROUP)
VAULT = Limit("key vault name", 3, 24, r"[A-Za-z](-?[A-Za-z0-9])*", _VAULT)
KEY = Limit("key name", 1, 127, r"[A-Za-z0-9-]+", _HYPHENS)
ACCOUNT = Limit("account name", 2, 64, r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", _SUBDOMAIN)
IDENTITY = Limit("identity name", 3, 128, r"[A-Za-z0-9][\w-]*", _IDENTITY)
WORKSPACE = Limit(
    "workspace name", 4, 63, r"[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9]", f"{_HYPHENS}, no hyphen at either end"
)
ENDPOINT = Limit("private endpoint name", 2, 64, r"[A-Za-z0-9]([\w.-]*\w)?", _CHILD)
PROJECT = Limit("project name", 2, 64, r"[A-Za-z0-9][\w.-]*", _CHILD)
DEPLOYMENT = Limit("deployment name", 2, 64, PROJECT.pattern, _CHILD)
DIAGNOSTIC_SETTING = Limit("diagnostic setting name", 1, 260, r"[^*&%:<>?+/\\]*[^*&%:<>?+/\\. ]", _SETTING)
SERVICE = Limit("service name", 2, 50, r"[a-z](-?[a-z0-9])*", _SERVICE)


class _Default(NamedTuple):
    """Azure's limit, the template, the argument that gives another name or template, and the placeholder
    without which several would have one name."""

    limit: Limit
    template: str
    argument: str
    distinguishes: str = ""

    def given(self, owner: Any) -> str:
        """The name or template that the arguments give."""
        return attrgetter(self.argument)(owner) or ""


DEFAULTS: Final[Mapping[str, _Default]] = {
    "resourceGroup": _Default(RESOURCE_GROUP, "rg-{service}", "resource_group_name"),
    "vault": _Default(VAULT, "kv-{service}", "vault.name"),
    "key": _Default(KEY, "cmk-{service}", "key.name"),
    "account": _Default(ACCOUNT, "{kind}-{service}", "account_name"),
    "identity": _Default(IDENTITY, "id-{service}", "names.identity"),
    "workspace": _Default(WORKSPACE, "log-{service}", "names.workspace"),
    "privateEndpoint": _Default(ENDPOINT, "pe-{service}-{target}", "names.private_endpoint", "{target}"),
    "diagnosticSetting": _Default(DIAGNOSTIC_SETTING, "{service}-audit", "names.diagnostic_setting"),
}
"""The resources that get a name by the rule."""
_PLACEHOLDERS: Final[Mapping[str, Callable[[Any], str]]] = {
    "{service}": lambda owner: owner.name,
    "{stack}": lambda owner: owner.stack,
    "{location}": lambda owner: normalised(owner.location),
    "{kind}": lambda owner: owner.account_kind.prefix,
}
"""What stands for each placeholder, of the arguments of what is named."""


def template_of(resource: str) -> Callable[[str], None]:
    """Checks a template for the names of a resource. The check raises ValueError."""
    needed = DEFAULTS[resource].distinguishes
    known = [*_PLACEHOLDERS, *filter(None, [needed])]

    def check(template: str) -> None:
        if re.search("[{}]", re.sub("|".join(map(re.escape, known)), "", template)):
            raise ValueError(f"{template!r} has other placeholders than {', '.join(known)}")
        if needed not in template:
            raise ValueError(f"{template!r} needs {needed}, because a service has several")

    return check


def derived(resource: str, owner: Any, given: str = "", target: str = "", *, argument: str = "") -> str:
    """The name of a resource by the `given` name or template, or else by the default one, from the arguments
    of what it belongs to. Raises ValueError when Azure would refuse it; `argument` gives another one."""
    default = DEFAULTS[resource]
    name = (given or default.template).replace("{target}", target)
    for placeholder, read in _PLACEHOLDERS.items():
        if placeholder in name:
            name = name.replace(placeholder, read(owner))
    most = default.limit.longest - len(name) + len(owner.name)
    way = f"give at most {most} characters as name, or give {argument or camel_case(default.argument)}"
    if given:
        way = "shorten the template, or the service's name"
    try:
        return default.limit.checked(name)
    except ValueError as error:
        raise ValueError(f"{error}; {way}") from None
