"""The two files: a stack's settings, and the file for `pulumi import`."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from core import resource_types, yaml_documents
from core.environment import NAMESPACE
from operate.adopt.plan import Plan

_HEAD = """\
# Written by `python -m operate adopt`. The parts that asFound names stay as they are, whatever else is set.
# Take a word out to have that part as declared; the next preview shows what that changes.
"""


class _Plain(yaml.SafeDumper):
    """Repeats what stands twice, because a reader refuses aliases."""

    def ignore_aliases(self, data: object) -> bool:
        del data
        return True


def declared(plans: Sequence[Plan]) -> dict[str, Any]:
    """The stack's settings: one service, or several under `services`."""
    own = [dict(plan.settings) for plan in plans]
    return own[0] if len(own) == 1 else {"services": own}


def configuration(settings: Mapping[str, Any], subscription_id: str) -> dict[str, Any]:
    """The stack's configuration, by full keys."""
    # Set explicitly: the stack belongs to that subscription, whoever runs it. For both providers, so that the
    # program needs no provider of its own for the second, which an import could not name.
    return {
        "azure-native:subscriptionId": subscription_id,
        "azure-cmk:subscriptionId": subscription_id,
        **{f"{NAMESPACE}{name}": value for name, value in settings.items()},
    }


def merged(existing: str, config: Mapping[str, Any]) -> str:
    """A settings file with the configuration added; its lines about secrets stay.

    Raises ValueError if it already has settings of a service.
    """
    document = yaml_documents.of_yaml(existing) or {}
    held = document.get("config") or {}
    if taken := sorted(name for name in held if name.startswith(NAMESPACE)):
        raise ValueError(f"it has settings already: {', '.join(taken)}; name another stack with --stack")
    document["config"] = {**held, **config}
    return _HEAD + yaml.dump(document, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120)


def import_file(plans: Sequence[Plan], azure_native: str) -> str:
    """The file for `pulumi import --file`; `azure_native` is the version of that provider's package."""
    resources = []
    for plan in plans:
        service = plan.imports[0].name
        for one in plan.imports:
            if one.type == resource_types.SERVICE:
                resources.append({"type": one.type, "name": one.name, "component": True})
                continue
            version = {"version": azure_native} if one.type.startswith("azure-native:") else {}
            resources.append({"type": one.type, "name": one.name, "id": one.id, "parent": service, **version})
    return json.dumps({"resources": resources}, indent=2) + "\n"
