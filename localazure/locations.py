"""Azure's regions: their names, and how a name is compared.

Source: https://learn.microsoft.com/azure/reliability/regions-list. Which service is where is not modelled:
every resource type of this cloud is in every region.
"""

from __future__ import annotations

from collections.abc import Mapping

REGIONS: Mapping[str, str] = {
    name.replace(" ", "").lower(): name
    for name in (
        "East US",
        "East US 2",
        "South Central US",
        "West US 2",
        "West US 3",
        "Central US",
        "North Central US",
        "West US",
        "West Central US",
        "Canada Central",
        "Canada East",
        "Mexico Central",
        "Brazil South",
        "North Europe",
        "West Europe",
        "UK South",
        "UK West",
        "France Central",
        "Germany West Central",
        "Switzerland North",
        "Sweden Central",
        "Norway East",
        "Poland Central",
        "Italy North",
        "Spain Central",
        "Australia East",
        "Australia Southeast",
        "Southeast Asia",
        "East Asia",
        "Japan East",
        "Japan West",
        "Korea Central",
        "Korea South",
        "Central India",
        "South India",
        "West India",
        "Jio India West",
        "UAE North",
        "Qatar Central",
        "Israel Central",
        "South Africa North",
        "New Zealand North",
        "Central US EUAP",
        "East US 2 EUAP",
    )
}
"""Display name by name: `westeurope` to `West Europe`."""


def normal_location(location: str) -> str:
    """`West Europe`, `WestEurope` and `westeurope` are one region; this is the spelling ARM answers with."""
    return location.replace(" ", "").lower()
