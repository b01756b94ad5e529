"""Azure Government and Azure in China: the same services under other host names and in other regions.

A request to one of their hosts is answered as the public cloud answers it, with host names translated both
ways. The clouds share one state here, which on Azure they do not.
Sources: the cloud definitions of azure-identity and of the Azure CLI, and Microsoft's pages
azure-government/compare-azure-government-global-azure and china/resources-developer-guide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class NationalCloud:
    """A cloud that is not the public one: its name, its name for each of the public cloud's, its regions."""

    name: str
    names: Mapping[str, str]
    regions: tuple[str, ...]

    def to_public(self, text: str) -> str:
        """The text with this cloud's host names replaced by the public ones."""
        return _replaced(text, {own: public for public, own in self.names.items()})

    def from_public(self, text: str) -> str:
        """The text with the public host names replaced by this cloud's."""
        return _replaced(text, self.names).replace('"AzureCloud"', f'"{self.name}"')


US_GOVERNMENT = NationalCloud(
    "AzureUSGovernment",
    {
        "management.azure.com": "management.usgovcloudapi.net",
        "management.core.windows.net": "management.core.usgovcloudapi.net",
        "login.microsoftonline.com": "login.microsoftonline.us",
        "vault.azure.net": "vault.usgovcloudapi.net",
        "vaultcore.azure.net": "vaultcore.usgovcloudapi.net",
        "managedhsm.azure.net": "managedhsm.usgovcloudapi.net",
        "cognitiveservices.azure.com": "cognitiveservices.azure.us",
        "api.cognitive.microsoft.com": "api.cognitive.microsoft.us",
        "api.loganalytics.io": "api.loganalytics.us",
        "graph.microsoft.com": "graph.microsoft.us",
    },
    ("usgovvirginia", "usgovarizona", "usgovtexas", "usdodeast", "usdodcentral"),
)
CHINA = NationalCloud(
    "AzureChinaCloud",
    {
        "management.azure.com": "management.chinacloudapi.cn",
        "management.core.windows.net": "management.core.chinacloudapi.cn",
        "login.microsoftonline.com": "login.chinacloudapi.cn",
        "vault.azure.net": "vault.azure.cn",
        "vaultcore.azure.net": "vaultcore.azure.cn",
        "managedhsm.azure.net": "managedhsm.azure.cn",
        "cognitiveservices.azure.com": "cognitiveservices.azure.cn",
        "api.cognitive.microsoft.com": "api.cognitive.azure.cn",
        "api.loganalytics.io": "api.loganalytics.azure.cn",
        "graph.microsoft.com": "microsoftgraph.chinacloudapi.cn",
    },
    ("chinaeast", "chinaeast2", "chinaeast3", "chinanorth", "chinanorth2", "chinanorth3"),
)
CLOUDS = (US_GOVERNMENT, CHINA)


def cloud_of(authority: str) -> NationalCloud | None:
    """The national cloud that a host belongs to, None for the public one's and for foreign ones."""
    name = authority.lower().removesuffix(":443").rstrip(".")
    for cloud in CLOUDS:
        if any(name == own or name.endswith(f".{own}") for own in cloud.names.values()):
            return cloud
    return None


def public_host(authority: str) -> str:
    """The host of the public cloud that answers for this one; the same one where it is not national."""
    cloud = cloud_of(authority)
    return authority if cloud is None else cloud.to_public(authority.lower())


def available_in(location: str, cloud: NationalCloud | None) -> bool:
    """Whether a region (`usgovvirginia`) is one of this cloud, None being the public one."""
    owner = next((found for found in CLOUDS if location in found.regions), None)
    return owner is cloud


def _replaced(text: str, names: Mapping[str, str]) -> str:
    pattern = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    # A name ends where no letter, digit, dash or dot with another label goes on.
    return re.sub(rf"(?<![\w-])({pattern})(?![\w-])", lambda found: names[found[1]], text)
