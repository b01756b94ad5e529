"""What to do about failures of azure-native that are no mistake in a program, and that its text does not say.

- A read did not show what was just written, or still showed what was deleted. azure-native reads before it
  creates a resource and after it has written one, and fails where a read lags behind (pulumi-azure-native,
  provider/pkg/resources/customresources/custom_keyvault_accesspolicy.go: "newly written access policy not
  found"). Resource Manager documents that reads may
  (learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-not-found).
- A soft-deleted resource holds a name, and is not listed yet.
- A key may be read through Resource Manager only with a role on the vault's data (guards/invokes.py).

Owns: these explanations.
"""

from __future__ import annotations

import re

import pulumi

from components.guards.invokes import missing_data_role
from components.hooks import error_hooks

_UNSEEN = re.compile(r"newly written \w[\w ]* not found|Status=404 Code=\"(Parent)?ResourceNotFound\"")
_SEEN = re.compile(r"cannot create already existing (?:sub)?resource ['\"](?P<id>[^'\"]+)['\"]")
_HELD = re.compile(r"already exists in deleted state|Code=\"FlagMustBeSetForRestore\"")


def explanation(name: str, type: str, error: str) -> str | None:
    """What to do about an error of azure-native; None where it is another one."""
    if _UNSEEN.search(error):
        return (
            f"{name}: Azure does not show yet what this update wrote or uses, because its reads may lag "
            "behind for a minute. Nothing is lost; run the same command again"
        )
    if found := _SEEN.search(error):
        return (
            f"{name}: it exists, and this stack does not record it. If it was just deleted, reads may lag "
            "behind for a minute: run the same command again. If an update of this stack was cut off, run "
            f"`python -m operate recover`; else take it over with `pulumi import {type} {name} {found['id']}`"
        )
    if _HELD.search(error):
        return (
            f"{name}: a soft-deleted resource holds the name, which Azure lists late after a delete. Set "
            "softDeleted: recover to bring it back, and run the same command again in a minute; or give "
            "another name"
        )
    if fix := missing_data_role(error):
        return f"{name}: {fix}"
    return None


def explaining_hooks(owner: str) -> list[pulumi.ErrorHook]:
    """Hooks that report the explanation, for the resources of the component `owner`: the engine knows hooks
    by their names, and a package makes components in runs of its own."""

    def report(failed: pulumi.ErrorHookArgs) -> bool:
        for error in failed.errors:
            if words := explanation(failed.name, failed.type, error):
                pulumi.log.error(words)
        return False  # azure-native has the write behind it, and would refuse a second one

    return error_hooks(f"{owner} explanations", report)
