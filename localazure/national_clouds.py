"""Azure Government and Azure in China: the same services under other host names and in other regions.

The public cloud answers a request to one of their hosts, with host names translated both ways. The clouds
share one state here; on Azure each has its own.
Names, regions and their sources are in `clouds.json`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from localazure import facts


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


FACTS = facts.read("clouds.json")
CLOUDS = tuple(NationalCloud(one["name"], one["names"], tuple(one["regions"])) for one in FACTS["national"])
US_GOVERNMENT, CHINA = CLOUDS


@lru_cache(maxsize=1024)
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
