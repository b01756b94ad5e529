"""The base of this project's own resources, `azure-cmk`, on the program's side.

Pulumi gives a plugin only its own package's configuration, so `azure-native:clientId` and the like reach
`azure-cmk` as inputs of an explicit provider.
"""

import inspect
import re
from pathlib import Path
from typing import Any, Final, NotRequired, TypedDict
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime import get_root_resource
from pulumi.runtime.config import is_config_secret

from core import resource_types
from core.login import SETTINGS, configured
from core.resource_types import camel_case

PACKAGE: Final = "azure-cmk"


class PluginSource(TypedDict):
    """Which plugin the engine takes; empty for the plugin of that name that the engine knows already."""

    version: NotRequired[str]
    plugin_download_url: NotRequired[str]


def plugin_beside(folder: str) -> PluginSource:
    """The source of the provider if the engine fetched the components by a git URL: the same repository and
    version. `folder` is the name of the components' folder among the plugins.

    An engine knows a fetched plugin by its URL alone, and Pulumi YAML tells it only of packages that a
    program names. Source of the folder's name: pulumi 3.259, go/common/workspace/plugins.go (`LocalName`,
    `Dir`), which writes `_` for each `/`; on GitHub, only the repository's name may contain `_` itself.
    """
    found = re.fullmatch(r"resource-([^_]+)_(?:([^_]+)_)?(.+)_components-v(.+)", folder)
    if found is None:
        return {}
    path = "/".join(filter(None, found.group(1, 2, 3)))
    return {"version": found[4], "plugin_download_url": f"git://{path}/provider"}


_SOURCE: Final = plugin_beside(Path(__file__).resolve().parents[1].name)
_providers: "WeakKeyDictionary[pulumi.Resource, pulumi.ProviderResource | None]" = WeakKeyDictionary()


class CmkResource(pulumi.CustomResource):
    """A resource of the `azure-cmk` provider: snake_case in Python, camelCase on the wire.

    A class says its type token and, by annotations, the outputs that programs use.
    """

    TOKEN = ""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, **inputs: Any) -> None:
        """Uses the login of azure-native, unless the options or the parent give another provider."""
        opts = pulumi.ResourceOptions.merge(pulumi.ResourceOptions(**_SOURCE), opts)
        if (former := resource_types.former(self.TOKEN)) != self.TOKEN:
            names = [one.name for one in opts.aliases or () if isinstance(one, pulumi.Alias)]
            types = [pulumi.Alias(type_=former), *(pulumi.Alias(name=one, type_=former) for one in names)]
            opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(aliases=types))
        inherited = opts.parent.get_provider(self.TOKEN) if opts.parent else None
        if opts.provider is None and inherited is None and (provider := cmk_provider()):
            opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(provider=provider))
        outputs = dict.fromkeys(inspect.get_annotations(type(self)))
        super().__init__(self.TOKEN, name, {**outputs, **inputs}, opts)

    def translate_input_property(self, prop: str) -> str:
        """`key_id` as `keyId`."""
        return camel_case(prop)

    def translate_output_property(self, prop: str) -> str:
        """`keyId` as `key_id`."""
        return re.sub(r"[A-Z]", lambda match: "_" + match[0].lower(), prop)


def cmk_invoke_options() -> pulumi.InvokeOptions | None:
    """Options of a call of this provider's functions."""
    provider = cmk_provider()
    if provider is None:
        return pulumi.InvokeOptions(**_SOURCE) if _SOURCE else None
    return pulumi.InvokeOptions(provider=provider)


def cmk_provider() -> pulumi.ProviderResource | None:
    """The `azure-cmk` provider that logs in as this stack configures azure-native; one for each program.

    None if the stack configures no login for azure-native: the default provider then logs in the same way.
    None also for a program in another language, because its components share no resource: the preflight then
    compares the logins of both providers.
    """
    root = get_root_resource()
    if root is None:
        return None
    if root not in _providers:
        _providers[root] = _make_provider()
    return _providers[root]


def _make_provider() -> pulumi.ProviderResource | None:
    own, native = login_config(PACKAGE), login_config("azure-native")
    inputs = configured(own, native)
    if inputs == {setting: value for setting, value in own.items() if setting in SETTINGS}:
        return None
    props: dict[str, pulumi.Input[str]] = {}
    for setting, value in inputs.items():
        is_secret = any(is_config_secret(f"{package}:{setting}") for package in ("azure-native", PACKAGE))
        props[setting] = pulumi.Output.secret(value) if is_secret else value
    return pulumi.ProviderResource(PACKAGE, PACKAGE, props, pulumi.ResourceOptions(**_SOURCE))


def login_config(package: str) -> dict[str, str]:
    """The settings of a login that the stack configures for a package."""
    config = pulumi.Config(package)
    return {name: value for name in SETTINGS if (value := config.get(name)) is not None}
