"""The environment variables that lead any client to a running local Azure, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping

from localazure.home import LOOPBACK, Home
from localazure.seed import DEPLOYER, SUBSCRIPTION_ID, TENANT_ID


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
        **{f"{prefix}_{name}": value for prefix in ("AZURE", "ARM") for name, value in signed_in.items()},
        **({"PULUMI_DEBUG_PROVIDERS": f"azure-native:{native}"} if native else {}),
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "LOCALAZURE_CONTROL": f"http://{LOOPBACK}:{ports['control']}",
        "LOCALAZURE_CONTROL_TOKEN": secrets["control"],
    }
