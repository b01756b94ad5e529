"""What is printed for one service: what to run now, how to see that it holds, and the way back."""

from __future__ import annotations

from collections.abc import Iterator

from operate.revoke.actions import Action, actions, look
from operate.revoke.clouds import PUBLIC, cloud_of
from operate.revoke.quoting import bash
from operate.revoke.target import Target


def page(target: Target, stack: str) -> str:
    """The page as text, with commands for az and for Azure PowerShell."""
    return "\n".join(_lines(target, stack)) + "\n"


def _lines(target: Target, stack: str) -> Iterator[str]:
    revoke, restore, disable, enable = actions(target)
    yield f"# Emergency: {target.account_id}"
    yield f"Identity {target.principal_id} uses key {target.key_uri_with_version}"
    cloud = cloud_of(target.vault_uri)
    if cloud != PUBLIC:
        yield ""
        yield "## Log in to the right cloud"
        yield f"az: az cloud set --name {cloud.name}, then az login"
        yield f"Azure PowerShell: Connect-AzAccount -Environment {cloud.name}"
    yield ""
    yield "## Revoke now: the account's data answers 403, nothing is lost"
    yield from _commands(revoke)
    yield ""
    yield "## Instead, where that is not allowed: disable the version. Every account on it is cut off"
    yield "If this was printed before a rotation, the account may be on another version; this tells:"
    yield f"  az cognitiveservices account show --ids {bash(target.account_id)} --query properties.encryption"
    yield from _commands(disable)
    yield ""
    yield "## See that it holds"
    yield f".venv/bin/python -m operate verify --stack {stack} --revoked"
    if (seen := look(target)) is not None:
        yield "This account alone and without Pulumi, as one who may read its data. Revoked is a 403 that"
        yield "speaks of the key; one about a network or your own rights (a data action) tells nothing:"
        yield from _commands(seen)
    yield ""
    yield "## Then tell Pulumi, whose next preview refuses until it is told"
    yield "docs/runbooks/emergency-revocation.md: set access: revoked, and pulumi up, keep it so"
    yield ""
    yield "## Give it back without Pulumi"
    yield from _commands(restore)
    yield "Where the version was disabled:"
    yield from _commands(enable)


def _commands(action: Action) -> Iterator[str]:
    yield "az:"
    yield from (f"  {line}" for line in action.az)
    yield "Azure PowerShell:"
    yield from (f"  {line}" for line in action.powershell)
