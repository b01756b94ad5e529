"""Azure's regions, by the name that its API uses ("westeurope"); Azure also answers with the display name.

Which regions there are is Azure's to know, and its validation says: it opens new ones. The names that are
known here only tell a typing mistake. Source of the other clouds' names: learn.microsoft.com/azure/
azure-government and learn.microsoft.com/azure/china.
"""

import re
from collections.abc import Iterator
from string import ascii_lowercase

from core.arm_ids import MalformedError
from core.clouds import CHINA, PUBLIC, US_GOVERNMENT, Cloud

KNOWN = frozenset(
    re.findall(
        r"\w+",
        """
        australiacentral australiacentral2 australiaeast australiasoutheast austriaeast belgiumcentral
        brazilsouth brazilsoutheast canadacentral canadaeast centralindia centralus chilecentral denmarkeast
        eastasia eastus eastus2 francecentral francesouth germanynorth germanywestcentral indonesiacentral
        israelcentral italynorth japaneast japanwest jioindiacentral jioindiawest koreacentral koreasouth
        malaysiawest mexicocentral newzealandnorth northcentralus northeurope norwayeast norwaywest
        polandcentral qatarcentral southafricanorth southafricawest southcentralus southeastasia southindia
        spaincentral swedencentral swedensouth switzerlandnorth switzerlandwest uaecentral uaenorth uksouth
        ukwest westcentralus westeurope westindia westus westus2 westus3
        chinaeast chinaeast2 chinaeast3 chinanorth chinanorth2 chinanorth3
        usdodcentral usdodeast usgovarizona usgovtexas usgovvirginia
        """,
    )
)
"""Regions of 2026."""


def normalised(text: str) -> str:
    """A region as the API names it, from either spelling. Does not check that it exists."""
    return "".join(text.split()).lower()


def same(one: str, other: str) -> bool:
    """Whether two spellings name one region."""
    return normalised(one) == normalised(other)


def region(text: str) -> str:
    """The API name of a region, from either spelling. Raises ValueError for what cannot be one, or is one
    letter away from a known one."""
    name = normalised(text)
    if not re.fullmatch(r"[a-z]{4,}[a-z0-9]*", name):
        raise ValueError(f"{text!r} is not an Azure region, such as 'westeurope'")
    meant = sorted(KNOWN & {*_one_letter_away(name)})
    if name not in KNOWN and meant:
        words = " or ".join(map(repr, meant))
        raise MalformedError(
            f"{text!r} is not an Azure region; did you mean {words}?", meant[0] if len(meant) == 1 else None
        )
    return name


def _one_letter_away(name: str) -> Iterator[str]:
    """The words that one typing mistake makes of a name: a letter too many, too few, wrong, or in the wrong
    place. A digit is none, because Azure numbers new regions."""
    for at in range(len(name) + 1):
        before, after = name[:at], name[at:]
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
        if after and not after[0].isdigit():
            yield before + after[1:]
        for letter in ascii_lowercase:
            yield before + letter + after
            yield before + letter + after[1:]


def cloud_of(name: str) -> Cloud:
    """The cloud that a region belongs to, by the names that each cloud gives its regions."""
    word = normalised(name)
    if word.startswith("china"):
        return CHINA
    return US_GOVERNMENT if word.startswith(("usgov", "usdod")) else PUBLIC
