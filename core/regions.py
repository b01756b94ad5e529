"""Azure's regions, by the name that its API uses ("westeurope"); Azure also answers with the display name.

Which regions there are is Azure's to know, and its validation says. Source of the other clouds' names:
learn.microsoft.com/azure/azure-government and learn.microsoft.com/azure/china.
"""

import re

from core.clouds import CHINA, PUBLIC, US_GOVERNMENT, Cloud


def normalised(text: str) -> str:
    """A region as the API names it, from either spelling. Does not check that it exists."""
    return "".join(text.split()).lower()


def same(one: str, other: str) -> bool:
    """Whether two spellings name one region."""
    return normalised(one) == normalised(other)


def region(text: str) -> str:
    """The API name of a region, from either spelling. Raises ValueError for what cannot be one."""
    name = normalised(text)
    if not re.fullmatch(r"[a-z]{4,}[a-z0-9]*", name):
        raise ValueError(f"{text!r} is not an Azure region, such as 'westeurope'")
    return name


def cloud_of(name: str) -> Cloud:
    """The cloud that a region belongs to, by the names that each cloud gives its regions."""
    word = normalised(name)
    if word.startswith("china"):
        return CHINA
    return US_GOVERNMENT if word.startswith(("usgov", "usdod")) else PUBLIC
