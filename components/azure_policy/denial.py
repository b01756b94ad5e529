"""What to do when Azure Policy denies the account of phase one, which has no customer-managed key yet.

Owns: that explanation. Azure's own error names the policy and no way out.
"""

from __future__ import annotations

import pulumi

from components.hooks import error_hooks

_DENIED = "RequestDisallowedByPolicy"


def explanation(service: str, errors: list[str]) -> str | None:
    """What to do about the errors of an account's create; None where no policy denied it."""
    if not any(_DENIED in error for error in errors):
        return None
    return (
        f"service {service!r}: Azure Policy denies its account. If the policy requires a customer-managed "
        "key: an account that uses its own identity is created without one, because the identity must "
        "exist before it can be granted access. Set identity: userAssigned, which binds the key in the "
        "create, or have the resource group exempted while the account is created. What exists so far is "
        "kept and used"
    )


def denial_hook(service: str) -> list[pulumi.ErrorHook]:
    """A hook that reports the explanation when the create of a service's account is denied."""

    def report(failed: pulumi.ErrorHookArgs) -> bool:
        if words := explanation(service, failed.errors):
            pulumi.log.error(words)
        return False  # a policy does not change by trying again

    return error_hooks(f"{service}-denied", report)
