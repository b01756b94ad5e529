"""Azure's limits on tags (learn.microsoft.com/azure/azure-resource-manager/management/tag-resources)."""

from collections import Counter
from collections.abc import Mapping

import pulumi

MOST, LONGEST_NAME, LONGEST_VALUE = 50, 512, 256
FORBIDDEN = "<>%&\\?/"
Tags = pulumi.Input[dict[str, pulumi.Input[str]]]


def checked_tags(tags: Mapping[str, str]) -> Mapping[str, str]:
    """The tags themselves. Raises ValueError with everything that Azure would refuse."""
    problems = []
    if len(tags) > MOST:
        problems.append(f"{len(tags)} tags, Azure allows {MOST}")
    for name, value in tags.items():
        if not 1 <= len(name) <= LONGEST_NAME:
            problems.append(f"tag name of {len(name)} characters, Azure allows 1 to {LONGEST_NAME}")
        if any(character in FORBIDDEN for character in name):
            problems.append(f"tag name {name!r} holds one of {FORBIDDEN}")
        if len(value) > LONGEST_VALUE:
            problems.append(f"tag {name!r} has {len(value)} characters, Azure allows {LONGEST_VALUE}")
    same = [name for name, count in Counter(name.lower() for name in tags).items() if count > 1]
    problems += [f"tag name {name!r} appears twice, Azure does not tell case apart" for name in same]
    if problems:
        raise ValueError("; ".join(problems))
    return tags
