"""What Azure refuses to azure-native: how it is explained, and how long it is tried again."""

from __future__ import annotations

import pytest

from components.azure_failures import WAIT_SECONDS, _patience, explanation
from core.refusals import UNKNOWN_REFUSAL_SECONDS
from core.resource_types import ACCESS_POLICY, ACCOUNT, ROLE_ASSIGNMENT, VAULT

VAULT_ID = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv"
ROLES, OBJECT = "providers/Microsoft.Authorization/roleAssignments", "77777777-7777-4777-8777-777777777777"

RBAC = (
    "[ForbiddenByRbac (Forbidden)] Caller is not authorized to perform action on resource. "
    "Caller: name=KeyVault/ManagementPlane;appid=1"
)


def native(status: int, code: str, message: str = "odd") -> str:
    return f'Status={status} Code="{code}" Message="{message}"'


@pytest.mark.parametrize(
    ("error", "ways_out"),
    [
        (
            native(400, "BadRequest", "KeyVaultProperties is invalid"),
            ("Run `pulumi refresh`", "expired", "allowedFqdnList"),
        ),
        (native(400, "ForbiddenByRbac", RBAC), ("set vault.keyOperators: [deployer]", "Crypto Officer")),
        (
            "cannot create already existing resource '/subscriptions/s/x'",
            ("With --replace, leave that out", "python -m operate recover --stack STACK`"),
        ),
    ],
)
def test_a_refusal_is_explained_with_the_setting_that_helps(error: str, ways_out: tuple[str, ...]) -> None:
    """Azure's error names no setting; the words name the resource and the way out."""
    words = explanation("claims-account", ACCOUNT, error)
    assert words
    for expected in ("claims-account: ", *ways_out):
        assert expected in words


def test_an_account_without_access_is_told_the_command_that_gives_it() -> None:
    """Where the identity is known: a message of Azure that comes once the account exists names no way out."""
    error, version = (
        'Code="AccessPolicyNotConfiguredForKeyVault"',
        f"https://kv.vault.azure.net/keys/k/{'0' * 32}",
    )
    words = explanation("claims-account", ACCOUNT, error, version=version, grantee=OBJECT) or ""
    given = f"az keyvault set-policy --name kv --object-id {OBJECT} --key-permissions get wrapKey unwrapKey"
    assert given in words


@pytest.mark.parametrize(
    "error",
    [native(409, "RoleAssignmentExists"), "cannot create already existing resource '/subscriptions/s/x'"],
)
def test_access_that_another_program_gave_at_once_is_left_to_it(error: str) -> None:
    """To take it over would be to delete the other's. It is told so of key operators alone."""
    for operator in ("deployer", "77777777-7777-4777-8777-777777777777"):
        words = explanation(f"claims-operator-{operator}-access", ACCESS_POLICY, error) or ""
        assert f"Leave {operator} out of vault.keyOperators here" in words
        assert "recover" not in words
        assert "Remove" not in words
    own = explanation("claims-access", ACCESS_POLICY, error) or ""
    assert "Run the same command again" not in own


@pytest.mark.parametrize("type", [ACCESS_POLICY, ROLE_ASSIGNMENT])
def test_no_deletion_of_the_accounts_own_access_is_printed(type: str) -> None:
    """It would cut a bound account off its key, and of some kinds delete data. An access policy is made what
    is declared, which the next update takes over."""
    id = {ACCESS_POLICY: f"{VAULT_ID}/accessPolicy/{OBJECT}", ROLE_ASSIGNMENT: f"{VAULT_ID}/{ROLES}/own"}[
        type
    ]
    error = f"cannot create already existing resource '{id}'"
    own = explanation("claims-access", type, error) or ""
    assert "delete" not in own.replace("deleted", "")
    set_policy = (
        f"`az keyvault set-policy --name kv --object-id {OBJECT} --key-permissions get wrapKey unwrapKey "
        "--subscription s`"
    )
    assert (set_policy in own) is (type == ACCESS_POLICY)
    others = explanation("claims-reader-callers", type, error) or ""
    assert ("az role assignment delete" in others) is (type == ROLE_ASSIGNMENT)


def test_other_failures_are_left_to_speak_for_themselves() -> None:
    """No advice is better than advice on something else."""
    for error in (native(409, "CustomDomainInUse"), "timeout"):
        assert explanation("claims-account", ACCOUNT, error) is None
    assert explanation("claims-vault", VAULT, native(403, "RequestDisallowedByPolicy")) is None


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (native(403, "Forbidden"), WAIT_SECONDS),
        (f"cannot check existence of resource '/x': status code 400, {{'code': 'x'}} {RBAC}", WAIT_SECONDS),
        (native(400, "BadRequest"), UNKNOWN_REFUSAL_SECONDS),
        (native(403, "AuthorizationFailed"), 0.0),
        ("", 0.0),
    ],
)
def test_what_may_be_access_that_does_not_count_yet_is_tried_again(error: str, seconds: float) -> None:
    """Half an hour for words that say so, minutes for words that nobody knows, not at all for the others."""
    assert _patience(error) == seconds
