"""What the resources of this project's own provider, `azure-cmk`, have in common on the program's side.

Pulumi gives a plugin only its own package's configuration, so `azure-native:clientId` and the like reach
`azure-cmk` as inputs of an explicit provider.
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime import get_root_resource
from pulumi.runtime.config import is_config_secret

from core.login import SETTINGS, configured

PACKAGE: Final = "azure-cmk"
_providers: "WeakKeyDictionary[pulumi.Resource, pulumi.ProviderResource | None]" = WeakKeyDictionary()


class CmkResource(pulumi.CustomResource):
    """A resource of the `azure-cmk` provider: snake_case in Python, camelCase on the wire."""

    def __init__(
        self, token: str, name: str, props: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Uses the login of azure-native, unless another provider is given, also by the parent."""
        opts = opts or pulumi.ResourceOptions()
        inherited = opts.parent.get_provider(token) if opts.parent else None
        if opts.provider is None and inherited is None and (provider := cmk_provider()):
            opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(provider=provider))
        super().__init__(token, name, dict(props), opts)

    def translate_input_property(self, prop: str) -> str:
        """`key_id` as `keyId`."""
        return re.sub(r"_(\w)", lambda match: match[1].upper(), prop)

    def translate_output_property(self, prop: str) -> str:
        """`keyId` as `key_id`."""
        return re.sub(r"[A-Z]", lambda match: "_" + match[0].lower(), prop)


def cmk_invoke_options() -> pulumi.InvokeOptions | None:
    """Options of a call of this provider's functions."""
    provider = cmk_provider()
    return pulumi.InvokeOptions(provider=provider) if provider else None


def cmk_provider() -> pulumi.ProviderResource | None:
    """The `azure-cmk` provider that logs in as this stack configures azure-native; one for each program.

    None where the default provider logs in the same way: where azure-native has no login in the stack's
    configuration. None for a program in another language, too, whose components share no resource: the
    preflight then compares who both providers are logged in as.
    """
    root = get_root_resource()
    if root is None:
        return None
    if root not in _providers:
        _providers[root] = _make_provider()
    return _providers[root]


def _make_provider() -> pulumi.ProviderResource | None:
    own, native = _config(PACKAGE), _config("azure-native")
    inputs = configured(own, native)
    if inputs == {name: value for name, value in own.items() if name in SETTINGS}:
        return None
    secret = {
        name
        for package, values in (("azure-native", native), (PACKAGE, own))
        for name in values
        if is_config_secret(f"{package}:{name}")
    }
    return pulumi.ProviderResource(
        PACKAGE,
        PACKAGE,
        {name: pulumi.Output.secret(value) if name in secret else value for name, value in inputs.items()},
    )


def _config(package: str) -> dict[str, str]:
    """The settings of a login that the stack configures for a package."""
    config = pulumi.Config(package)
    return {name: value for name in SETTINGS if (value := config.get(name)) is not None}
