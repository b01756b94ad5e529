"""The environment variables that lead any client to a running local Azure, and nowhere else.

Owns: what a command needs to run in the local Azure, and what it must not bring along from outside. Does
not own: how a server is started.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from localazure.home import LOOPBACK, Home
from localazure.seed import DEPLOYER, SUBSCRIPTION_ID, TENANT_ID

_PASSPHRASE = "local-azure-only"  # noqa: S105 - protects nothing: the local Azure's secrets are made up
# A login, a backend or a route of the user's own: each would let a command that is meant for the local Azure
# reach something else.
_OWN_PREFIXES = ("ACTIONS_ID_TOKEN_", "ARM_", "AZURE_", "IDENTITY_", "LOCALAZURE_", "MSI_", "PULUMI_")
_OWN_NAMES = frozenset(
    {"CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR", "SSL_CERT_FILE"}
)


def is_from_outside(name: str) -> bool:
    """Whether a variable may lead a client elsewhere: a login, a Pulumi setting, a proxy, a certificate."""
    upper = name.upper()
    return upper.startswith(_OWN_PREFIXES) or upper in _OWN_NAMES or upper.endswith("_PROXY")


def without_outside(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment less every variable that may lead a client elsewhere."""
    return {name: value for name, value in environ.items() if not is_from_outside(name)}


def environment(home: Home, ports: Mapping[str, int]) -> dict[str, str]:
    """The variables by name, signed in as the deployer; `ports` are the ports by service."""
    secrets, native = home.secrets(), ports.get("azure-native")
    proxy, direct = f"http://{LOOPBACK}:{ports['proxy']}", f"{LOOPBACK},localhost,::1"
    signed_in = {
        "TENANT_ID": TENANT_ID,
        "CLIENT_ID": DEPLOYER.client_id,
        "CLIENT_SECRET": secrets[DEPLOYER.name],
        "SUBSCRIPTION_ID": SUBSCRIPTION_ID,
    }
    return {
        "HTTPS_PROXY": proxy,
        "https_proxy": proxy,
        "NO_PROXY": direct,
        "no_proxy": direct,
        "SSL_CERT_FILE": str(home.ca_bundle),
        "REQUESTS_CA_BUNDLE": str(home.ca_bundle),
        "CURL_CA_BUNDLE": str(home.ca_bundle),
        # Node.js reads none of the others: https://nodejs.org/api/cli.html#node_extra_ca_certsfile
        "NODE_EXTRA_CA_CERTS": str(home.ca_bundle),
        **{f"{prefix}_{name}": value for prefix in ("AZURE", "ARM") for name, value in signed_in.items()},
        **({"PULUMI_DEBUG_PROVIDERS": f"azure-native:{native}"} if native else {}),
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "LOCALAZURE_HOME": str(home.path.absolute()),
        "LOCALAZURE_CONTROL": f"http://{LOOPBACK}:{ports['control']}",
        "LOCALAZURE_CONTROL_TOKEN": secrets["control"],
    }


def programs_of(root: Path) -> Path:
    """The folder of the programs in the virtual environment of the checkout at `root`."""
    return root / ".venv" / ("Scripts" if os.name == "nt" else "bin")


def checkout(root: Path, search_path: str) -> dict[str, str]:
    """The variables that make a command use the Pulumi CLI, the Python and the state of the checkout at
    `root`.

    State is encrypted with a passphrase that is no secret, since it belongs to the local Azure; a stack on
    Azure uses a backend and a secrets provider of its own (README).
    """
    own = root / ".pulumi"
    first = [str(own / "bin"), str(programs_of(root))]
    return {
        "PATH": os.pathsep.join([*first, *(f for f in search_path.split(os.pathsep) if f not in first)]),
        "PULUMI_HOME": str(own / "home"),
        # Else the backend keeps a second file beside the state, which it does not write in one step: an
        # engine that is killed in that moment leaves a state that cannot be read.
        "PULUMI_BACKEND_URL": f"{(own / 'backend').as_uri()}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE": _PASSPHRASE,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
