"""Azure's public regions, by the name that its API uses.

Owns: the list, and finding the one that was meant. A region that Azure has added since is added here.
Source: `az account list-locations`, physical regions.
"""

from __future__ import annotations

import difflib

REGIONS = frozenset(
    """
    australiacentral australiacentral2 australiaeast australiasoutheast austriaeast belgiumcentral
    brazilsouth brazilsoutheast canadacentral canadaeast centralindia centralus chilecentral
    denmarkeast eastasia eastus eastus2 francecentral francesouth germanynorth germanywestcentral
    indonesiacentral israelcentral italynorth japaneast japanwest jioindiacentral jioindiawest
    koreacentral koreasouth malaysiawest mexicocentral newzealandnorth northcentralus northeurope
    norwayeast norwaywest polandcentral qatarcentral southafricanorth southafricawest southcentralus
    southeastasia southindia spaincentral swedencentral swedensouth switzerlandnorth switzerlandwest
    uaecentral uaenorth uksouth ukwest westcentralus westeurope westindia westus westus2 westus3
    """.split()  # noqa: SIM905 - one word each reads better than quotes and commas
)


def region(text: str) -> str:
    """The API name of a region given by it or by its display name ("West Europe").

    Raises ValueError with the nearest.
    """
    name = plain(text)
    if name in REGIONS:
        return name
    near = difflib.get_close_matches(name, sorted(REGIONS), n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ", such as 'westeurope' or 'eastus'"
    raise ValueError(f"{text!r} is no Azure region{hint}")


def plain(text: str) -> str:
    """A region's name as the API writes it; Azure answers with either form."""
    return text.replace(" ", "").lower()
