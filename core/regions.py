"""Azure's regions, by the name that its API uses ("westeurope"); Azure also answers with the display name.

Sources: `az account list-locations`, physical regions of the public cloud;
learn.microsoft.com/azure/azure-government and learn.microsoft.com/azure/china for the other clouds. A
region that Azure has added since is added here.
"""

import difflib
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
    """The API name of a region of any cloud, from either spelling. Raises ValueError."""
    name = normalised(text)
    known = sorted(set().union(*_BY_CLOUD.values()))
    if name in known:
        return name
    near = difflib.get_close_matches(name, known, n=1)
    raise ValueError(
        f"{text!r} is not an Azure region"
        + (f"; did you mean {near[0]!r}?" if near else ", such as 'westeurope'")
    )


def cloud_of(name: str) -> Cloud:
    """The cloud that a region belongs to; the public one for a region that is not listed here."""
    word = normalised(name)
    return next((cloud for cloud in ALL if word in _BY_CLOUD[cloud.name]), PUBLIC)
