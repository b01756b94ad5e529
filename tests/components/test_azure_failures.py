"""What Azure refuses to azure-native: how it is explained, and how long it is tried again."""

from __future__ import annotations

import pytest

from components.azure_failures import WAIT_SECONDS, _patience, explanation
from core.refusals import UNKNOWN_REFUSAL_SECONDS
from core.resource_types import ACCESS_POLICY, ACCOUNT, ROLE_ASSIGNMENT, VAULT

VAULT_ID = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv"
ROLES, OBJECT = "providers/Microsoft.Authorization/roleAssignments", "77777777-7777-4777-8777-777777777777"

EXISTS = "cannot create already existing resource '/subscriptions/s/x'"
RBAC = (
    "[ForbiddenByRbac (Forbidden)] Caller is not authorized to perform action on resource. "
    "Caller: name=KeyVault/ManagementPlane;appid=1"
)


def native(status: int, code: str, message: str = "odd") -> str:
    return f'Status={status} Code="{code}" Message="{message}"'


@pytest.mark.parametrize(
    ("type", "error", "ways_out"),
    [
        (
            ACCOUNT,
            native(400, "BadRequest", "KeyVaultProperties is invalid"),
            ("claims: ", "Run `pulumi refresh`", "expired", "allowedFqdnList"),
        ),
        (ACCOUNT, native(400, "ForbiddenByRbac", RBAC), ("keyOperators: [deployer]", "Crypto Officer")),
        (ACCOUNT, EXISTS, ("With --replace, leave that out", "python -m operate recover --stack STACK`")),
        # No advice is better than advice on something else.
        (ACCOUNT, native(409, "CustomDomainInUse"), ()),
        (ACCOUNT, "timeout", ()),
        (VAULT, native(403, "RequestDisallowedByPolicy"), ()),
    ],
)
def test_a_refusal_is_explained_with_the_setting_that_helps(
    type: str, error: str, ways_out: tuple[str, ...]
) -> None:
    """Azure's error names no setting; the words name the resource and the way out."""
    words = explanation("claims", type, error)
    assert (words is not None) is bool(ways_out)
    assert [expected for expected in ways_out if expected not in (words or "")] == []


def test_an_account_without_access_is_told_the_command_that_gives_it() -> None:
    """Where the identity is known: a message of Azure that comes once the account exists names no way out."""
    error = 'Code="AccessPolicyNotConfiguredForKeyVault"'
    version = f"https://kv.vault.azure.net/keys/k/{'0' * 32}"
    words = explanation("claims-account", ACCOUNT, error, version=version, grantee=OBJECT) or ""
    given = f"az keyvault set-policy --name kv --object-id {OBJECT} --key-permissions get wrapKey unwrapKey"
    assert given in words


@pytest.mark.parametrize("error", [native(409, "RoleAssignmentExists"), EXISTS])
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
    below = f"accessPolicy/{OBJECT}" if type == ACCESS_POLICY else f"{ROLES}/own"
    error = EXISTS.replace("/subscriptions/s/x", f"{VAULT_ID}/{below}")
    own = explanation("claims-access", type, error) or ""
    assert "delete" not in own.replace("deleted", "")
    set_policy = (
        f"`az keyvault set-policy --name kv --object-id {OBJECT} --key-permissions get wrapKey unwrapKey "
        "--subscription s`"
    )
    assert (set_policy in own) is (type == ACCESS_POLICY)
    others = explanation("claims-reader-callers", type, error) or ""
    assert ("az role assignment delete" in others) is (type == ROLE_ASSIGNMENT)


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
