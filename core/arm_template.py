"""Templates of resources: as `deployments/validate` takes one, and whether a program's own may concern keys.

Source: azure-rest-api-specs, Microsoft.Resources Deployments_Validate 2025-04-01 (`mode`, `validationLevel`).
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from core import documents, values
from core.values import Hidden

PROVIDER: Final = "Provider"
"""The level at which resource providers validate each resource and Azure checks the login's rights to write
it."""
NO_RBAC: Final = "ProviderNoRbac"
"""The level at which resource providers validate each resource, and nothing looks at the login's rights."""
MOST_RESOURCES: Final = 800
"""How many resources a template may have (learn.microsoft.com/azure/azure-resource-manager/templates/
best-practices, read on 2026-11-30). Whether those of a deployment inside it count is not known."""
_SCHEMA: Final = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
Json = Mapping[str, Any]


def properties(resources: Sequence[Json], level: str = PROVIDER) -> dict[str, Any]:
    """The `properties` of a deployment of these resources, each with its type, apiVersion and name."""
    template = {"$schema": _SCHEMA, "contentVersion": "1.0.0.0", "resources": [*resources]}
    return {"mode": "Incremental", "validationLevel": level, "template": template}


_INPUTS: Final = ("template", "templateContent", "templateBody")
"""Where azure-native, pulumi-azure and its older resource have a template: an object, or its JSON."""
_HELD: Final = re.compile(
    r"microsoft\.(keyvault|cognitiveservices|authorization|managedidentity|network/networksecurityperimeters)"
    r"|templatelink",
    re.IGNORECASE,
)


def may_concern_keys(inputs: Json) -> bool | Hidden | None:
    """Whether the template in a resource's inputs may hold vaults, keys, accounts or what gives access to
    them, or leads to another template. None where there is no template that can be read, or more than one, a
    mark where it is not shown."""
    found = [one for name in _INPUTS if (one := values.prop(inputs, name)) is not None]
    template = found[0] if len(found) == 1 else None
    if isinstance(template, Hidden):
        return template
    written, is_whole = str(template), False
    try:
        # In one spelling: JSON may write any letter as a number, and a slash as "\\/".
        if isinstance(template, str):
            template = documents.of_json(template)
        written = json.dumps(template, default=str)
        is_whole = '"resources"' in written
    except ValueError:
        pass
    if _HELD.search(written):
        return True
    if isinstance(hidden := values.text(written), Hidden):
        return hidden
    if Hidden.SECRET.value in written:
        return Hidden.SECRET
    return False if is_whole else None
