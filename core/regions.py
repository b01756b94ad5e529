"""Azure's regions, by the name that its API uses ("westeurope"); Azure also answers with the display name.

Sources: `az account list-locations`, physical regions of the public cloud;
learn.microsoft.com/azure/azure-government and learn.microsoft.com/azure/china for the other clouds. The list
is for spelling: a region that Azure has added since is Azure's to know, and the provider asks it.
"""

import re
from typing import Final

from core.clouds import ALL, CHINA, PUBLIC, US_GOVERNMENT, Cloud

_NAMES: Final = {
    PUBLIC.name: """
        australiacentral australiacentral2 australiaeast australiasoutheast austriaeast belgiumcentral
        brazilsouth brazilsoutheast canadacentral canadaeast centralindia centralus chilecentral
        denmarkeast eastasia eastus eastus2 francecentral francesouth germanynorth germanywestcentral
        indonesiacentral israelcentral italynorth japaneast japanwest jioindiacentral jioindiawest
        koreacentral koreasouth malaysiawest mexicocentral newzealandnorth northcentralus northeurope
        norwayeast norwaywest polandcentral qatarcentral southafricanorth southafricawest southcentralus
        southeastasia southindia spaincentral swedencentral swedensouth switzerlandnorth switzerlandwest
        uaecentral uaenorth uksouth ukwest westcentralus westeurope westindia westus westus2 westus3""",
    US_GOVERNMENT.name: "usgovarizona usgovtexas usgovvirginia usdodcentral usdodeast",
    CHINA.name: "chinaeast chinaeast2 chinaeast3 chinanorth chinanorth2 chinanorth3",
}
_BY_CLOUD: Final = {cloud.name: frozenset(_NAMES[cloud.name].split()) for cloud in ALL}


def of(cloud: Cloud) -> frozenset[str]:
    """The regions of a cloud."""
    return _BY_CLOUD[cloud.name]


def normalised(text: str) -> str:
    """A region as the API names it, from either spelling. Does not check that it exists."""
    return "".join(text.split()).lower()


def same(one: str, other: str) -> bool:
    """Whether two spellings name one region."""
    return normalised(one) == normalised(other)


def region(text: str) -> str:
    """The API name of a region of any cloud, from either spelling. Raises ValueError where it is no name of a
    region, or one letter off a known one."""
    name = normalised(text)
    known = sorted(set().union(*_BY_CLOUD.values()))
    if not re.fullmatch(r"[a-z]{4,}[a-z0-9]*", name):
        raise ValueError(f"{text!r} is not an Azure region, such as 'westeurope'")
    if name not in known and (meant := next((one for one in known if _one_letter_off(name, one)), None)):
        raise ValueError(f"{text!r} is not an Azure region; did you mean {meant!r}?")
    return name


def _one_letter_off(name: str, known: str) -> bool:
    """Whether one letter is missing, added, wrong or in its neighbour's place; another digit is another
    region."""
    start = next((at for at, (one, other) in enumerate(zip(name, known, strict=False)) if one != other), None)
    start = min(len(name), len(known)) if start is None else start
    ours, theirs = name[start:], known[start:]
    swapped = ours[:2] == theirs[1::-1] and ours[2:] == theirs[2:]
    others = [theirs[1:] == ours, theirs == ours[1:], theirs[1:] == ours[1:], swapped]
    return any(others) and not f"{ours[:1]}{theirs[:1]}".strip("abcdefghijklmnopqrstuvwxyz")


def cloud_of(name: str) -> Cloud:
    """The cloud that a region belongs to, by the names that each cloud gives its regions."""
    word = normalised(name)
    if word.startswith("china"):
        return CHINA
    return US_GOVERNMENT if word.startswith(("usgov", "usdod")) else PUBLIC
