"""The login of every command: azure-native's, as a stack's configuration and the environment give it."""

import json
import os
from collections.abc import Mapping

from azure.core.credentials import TokenCredential

from core import login
from core.clouds import Cloud
from core.login import Login, LoginError, Method
from operate.stack import NoStackError, told
from operate.stack_file import path_of, stack_file
from provider import credential
from provider.azure_client import LOGIN_RETRIES, OneAtATime


def of_environment() -> Login:
    """The login that the environment configures, or the Azure CLI's. Raises LoginError."""
    return _in_cloud({}, None)


def of_stack(stack: str, cloud: Cloud | None = None, *, alone: bool = False) -> Login:
    """The login of a stack: the settings of azure-cmk and azure-native in its configuration, then the
    environment. `alone`: less what the environment has of another identity, as `without_mixing` says.

    Raises LoginError, and StackError where the configuration cannot be read.
    """
    found = {name: one.get("value", "") for name, one in _configuration(stack).items()}
    emptied = without_mixing(found, os.environ) if alone else {}
    wanted = _configured(found, cloud, emptied)
    if emptied and wanted.method is Method.CLI:
        raise LoginError(
            f"stack {stack} names another client or tenant than the environment, whose secret is not sent "
            "there; set its own with `pulumi config set --secret azure-native:clientSecret`, or use OIDC"
        )
    return wanted


def of_new_stack(stack: str) -> Login:
    """The login of a stack that may not exist yet: its file then gives the settings, except encrypted ones.

    Raises LoginError, StackError where the configuration cannot be read, and OperateError where the file
    cannot.
    """
    try:
        return of_stack(stack)
    except NoStackError:
        file = path_of(stack)
    given = stack_file(file).config if file.exists() else {}
    return _configured({name: one for name, one in given.items() if not isinstance(one, dict)}, None, {})


def emptied(stack: str, config: Mapping[str, object]) -> dict[str, str]:
    """The variables that the engine of a stack must not see, as `without_mixing` has them. Raises LoginError
    where nothing is left to log in with."""
    found = without_mixing(config, os.environ)
    if found:
        of_stack(stack, alone=True)
    return found


def without_mixing(config: Mapping[str, object], environ: Mapping[str, str]) -> dict[str, str]:
    """The environment's secrets, each emptied, if a stack's configuration names another client or tenant:
    azure-native would otherwise send them to that tenant.

    `config` is by full keys; secret values are not read.
    """
    named = {
        name: str(config[f"{provider}:{name}"])
        for provider in ("azure-native", "azure-cmk")
        for name in ("clientId", "tenantId")
        if f"{provider}:{name}" in config
    }
    other = any(
        environ.get(login.SETTINGS[name][0], value).lower() != value.lower() for name, value in named.items()
    )
    secrets = (*login.SECRETS, "clientCertificatePath", "oidcTokenFilePath")
    variables = {login.SETTINGS[name][0] for name in secrets}
    return dict.fromkeys(sorted(variables & set(environ)), "") if other else {}


def token_credential(login: Login) -> TokenCredential:
    """The credential of a login, which asks again as `LiveAzure` does."""
    return OneAtATime(credential.credential(login), LOGIN_RETRIES)


def _configured(found: Mapping[str, object], cloud: Cloud | None, emptied: Mapping[str, str]) -> Login:
    """The login of a stack's configuration, in the environment with some variables emptied."""
    own, native = _below("azure-cmk:", found), _below("azure-native:", found)
    return _in_cloud(login.configured(own, native), cloud, {**os.environ, **emptied})


def _below(namespace: str, found: Mapping[str, object]) -> dict[str, str]:
    """The settings of a namespace, as texts."""
    named = {name: value for name, value in found.items() if name.startswith(namespace)}
    return {name.removeprefix(namespace): _text(value) for name, value in named.items()}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _in_cloud(config: dict[str, str], cloud: Cloud | None, environ: Mapping[str, str] = os.environ) -> Login:
    wanted = login.login(config, environ)
    if cloud and not wanted.get("environment"):
        wanted = login.login({**config, "environment": cloud.name}, environ)
    return credential.complete(wanted)


def _configuration(stack: str) -> dict[str, dict[str, object]]:
    """A stack's configuration. Secrets are decrypted only where the login needs one; they stay in memory."""
    found = _config(stack)
    secret = {name for name, one in found.items() if one.get("secret")}
    if any(name.partition(":")[2] in login.SECRETS for name in secret):
        return _config(stack, "--show-secrets")
    return found


def _config(stack: str, *words: str) -> dict[str, dict[str, object]]:
    failed = f"the configuration of stack {stack} could not be read"
    found: dict[str, dict[str, object]] = json.loads(told(stack, failed, "config", "--json", *words))
    return found
