"""The environment variables that lead any client to a running local Azure, and nowhere else.

Owns: the variables that a command needs in the local Azure, and those that it must not bring along from
outside. Does not own: the start of a server.
"""

import os
import ssl
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from localazure.home import LOOPBACK, Home, write_private
from localazure.seed import DEPLOYER, SUBSCRIPTION_ID, TENANT_ID

_PASSPHRASE = "local-azure-only"  # noqa: S105 - protects nothing: the local Azure's secrets are made up
# A login, a backend or a route of the user's own: each would let a command that is meant for the local Azure
# reach something else.
_OWN_PREFIXES = ("ACTIONS_ID_TOKEN_", "ARM_", "AZURE_", "IDENTITY_", "LOCALAZURE_", "MSI_", "PULUMI_")
# Node.js reads none but its own: https://nodejs.org/api/cli.html#node_extra_ca_certsfile
_AUTHORITIES = ("CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
_OWN_NAMES = frozenset({*_AUTHORITIES, "SSL_CERT_DIR"})


def is_from_outside(name: str) -> bool:
    """Whether a variable may lead a client elsewhere: a login, a Pulumi setting, a proxy, a certificate."""
    upper = name.upper()
    return upper.startswith(_OWN_PREFIXES) or upper in _OWN_NAMES or upper.endswith("_PROXY")


def without_outside(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment less every variable that may lead a client elsewhere."""
    return {name: value for name, value in environ.items() if not is_from_outside(name)}


ONWARD = ("LOCALAZURE_ONWARD_PROXY", "LOCALAZURE_ONWARD_NO_PROXY")
"""The proxy of the shell that started the local Azure, and the names that bypass it: the way to every name
that is not Azure's. Each command has them in its environment, so that one that restarts the server knows
them, too."""


def onward_of(environ: Mapping[str, str]) -> tuple[str, str]:
    """The values of ONWARD: as an environment of the local Azure has them, else from the shell's own
    proxy."""
    if "LOCALAZURE_CONTROL" in environ or ONWARD[0] in environ:
        return environ.get(ONWARD[0], ""), environ.get(ONWARD[1], "")
    names = (("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"), ("no_proxy", "NO_PROXY"))
    proxy, direct = (next((environ[name] for name in some if environ.get(name)), "") for some in names)
    return (proxy, direct) if proxy.startswith("http://") else ("", "")


def login_of(proxy: str) -> tuple[str, str]:
    """A proxy's address in two parts: the login, as the address spells it and with its `@`, and the address
    without the login."""
    login = urlsplit(proxy).netloc.rpartition("@")[0]
    return (f"{login}@", proxy.replace(f"{login}@", "", 1)) if login else ("", proxy)


def registries_trusted(home: Home, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables by which every client trusts what it trusted before and the local Azure besides: each
    takes one file, which is made here. Empty where the authorities of this machine are not known.

    In an environment of the local Azure the file that is there is right: what was outside is not known.
    """
    file = home.tls / "with-registries.pem"
    if "LOCALAZURE_CONTROL" not in environ:
        paths = ssl.get_default_verify_paths()
        own = _files(environ.get(name) for name in ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"))
        machines = _files((paths.cafile, paths.openssl_cafile))[:1]
        outside = [one for one in own or machines if one != file]
        if not outside:
            return {}
        more = _files([environ.get("NODE_EXTRA_CA_CERTS")])
        trusted = dict.fromkeys([home.ca_bundle, *outside, *more])
        text = "\n".join(one.read_text(encoding="utf-8", errors="replace") for one in trusted)
        if not file.exists() or file.read_text() != text:
            write_private(file, text)
    if not file.exists():
        return {}
    # requests prefers its own variable to pip's, so pip's alone would not do.
    return dict.fromkeys((*_AUTHORITIES, "PIP_CERT"), str(file))


def _files(paths: Iterable[str | None]) -> list[Path]:
    return [Path(path) for path in paths if path and Path(path).is_file()]


def environment(home: Home, ports: Mapping[str, int], login: str = "") -> dict[str, str]:
    """The variables by name, signed in as the deployer. `ports` are the ports by service. `login` is the
    login to the user's own proxy (`user:password@`), so that clients send it as they do outside."""
    secrets, native = home.secrets(), ports.get("azure-native")
    proxy, direct = f"http://{login}{LOOPBACK}:{ports['proxy']}", f"{LOOPBACK},localhost,::1"
    signed_in = {
        "TENANT_ID": TENANT_ID,
        "CLIENT_ID": DEPLOYER.client_id,
        "CLIENT_SECRET": secrets[DEPLOYER.name],
        "SUBSCRIPTION_ID": SUBSCRIPTION_ID,
    }
    return {
        **dict.fromkeys(("HTTPS_PROXY", "https_proxy"), proxy),
        **dict.fromkeys(("NO_PROXY", "no_proxy"), direct),
        **dict.fromkeys(_AUTHORITIES, str(home.ca_bundle)),
        **{f"{prefix}_{name}": value for prefix in ("AZURE", "ARM") for name, value in signed_in.items()},
        **({"PULUMI_DEBUG_PROVIDERS": f"azure-native:{native}"} if native else {}),
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "LOCALAZURE_HOME": str(home.path.absolute()),
        "LOCALAZURE_CONTROL": f"http://{LOOPBACK}:{ports['control']}",
        "LOCALAZURE_CONTROL_TOKEN": secrets["control"],
    }


def python_of(root: Path) -> Path:
    """The Python of the checkout at `root`, whether or not it is there."""
    return root / ".venv" / "bin" / "python"


def checkout(root: Path, search_path: str) -> dict[str, str]:
    """The variables that make a command use the Pulumi CLI, the Python and the state of the checkout at
    `root`.

    State is encrypted with a passphrase that is no secret, since it belongs to the local Azure; a stack on
    Azure uses a backend and a secrets provider of its own (README).
    """
    own = root / ".pulumi"
    first = [str(own / "bin"), str(python_of(root).parent)]
    return {
        "PATH": os.pathsep.join([*first, *(f for f in search_path.split(os.pathsep) if f not in first)]),
        "PULUMI_HOME": str(own / "home"),
        # Else the backend keeps a second file beside the state, which it does not write in one step: an
        # engine that is killed in that moment leaves a state that cannot be read.
        "PULUMI_BACKEND_URL": f"{(own / 'backend').as_uri()}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE": _PASSPHRASE,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
