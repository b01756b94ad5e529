"""Takes the list of access policies out of an imported vault's recorded inputs: a filter for a stack's state.

    pulumi stack export | python -m operate.adopt.separate | pulumi stack import

In this project each access policy is a resource of its own. `pulumi import` also records a vault's policies
as its inputs, and an update of the vault would then write that list back, whatever came since.
"""

import json
import sys
from typing import Any

from core.resource_types import VAULT, current
from operate.recover import as_exported


def separated(state: dict[str, Any]) -> dict[str, Any]:
    """The state with no vault that lists access policies among its inputs."""
    for resource in state["deployment"].get("resources") or ():
        if current(resource["type"]) == VAULT:
            (resource.get("inputs") or {}).get("properties", {}).pop("accessPolicies", None)
    return state


def main() -> int:
    """Filters stdin to stdout; the exit code is 2 for anything but a state."""
    text = sys.stdin.read()
    try:
        state = separated(as_exported(json.loads(text)))
    except ValueError as error:
        print(f"separate: expected what `pulumi stack export` prints, found none: {error}", file=sys.stderr)
        return 2
    json.dump(state, sys.stdout, indent=4)
    return 0


if __name__ == "__main__":
    sys.exit(main())
