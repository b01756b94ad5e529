"""Azure's regions: their names, and how a name is compared.

They are in `clouds.json`. Every region of this cloud has every resource type: Azure's differences are not
modelled.
"""

from collections.abc import Collection, Mapping

from localazure.national_clouds import CLOUDS, FACTS
from localazure.refusals import refused
from localazure.web import Json, ServiceError

REGIONS: Mapping[str, str] = {
    **{name.replace(" ", "").lower(): name for name in FACTS["regions"]},
    **{region: region for cloud in CLOUDS for region in cloud.regions},
}
"""Display name by name: `westeurope` to `West Europe`; those of national clouds have their name alone."""


def normal_location(location: str) -> str:
    """`West Europe`, `WestEurope` and `westeurope` are one region; this is the spelling ARM answers with."""
    return location.replace(" ", "").lower()


def required_location(body: Json) -> str:
    """The location a body names, as it was sent. Raises ARM's 400 where it is missing."""
    location = body.get("location")
    if not isinstance(location, str) or not location:
        raise refused("LocationRequired")
    return location


def location_in(body: Json, type: str, regions: Collection[str] = tuple(REGIONS)) -> str:
    """The location a body names, as it was sent. Raises 400 where it is missing, or none of `regions`."""
    location = required_location(body)
    if normal_location(location) not in regions:
        raise not_in_region(location, type, regions)
    return location


def not_in_region(location: str, type: str, regions: Collection[str]) -> ServiceError:
    """ARM's 400 for a type in a region that lacks it; `regions` have it."""
    there = ",".join(regions)
    return refused("LocationNotAvailableForResourceType", location=location, type=type, regions=there)


def require_same_location(name: str, location: str, asked: str, group: str) -> None:
    """Raises ARM's 409 if a PUT names another location than `location`, where the resource `name` is."""
    before, after = normal_location(location), normal_location(asked)
    if before != after:
        raise refused("InvalidResourceLocation", name=name, before=before, group=group, after=after)
