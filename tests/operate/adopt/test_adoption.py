"""Adoptions on the real engine: afterwards nothing has changed, and nothing is to be changed."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pytest

from core.roles import HSM_CRYPTO_SERVICE_ENCRYPTION_USER, HSM_CRYPTO_USER
from localazure import seed
from tests.operate.adopt.field import OTHER_SUBSCRIPTION, WRAPS, Field, group, principal
from tests.support import cloud
from tests.support.arm_client import Client, token
from tests.support.azure import RunningAzure, running_azure
from tests.support.stack import PATIENCE_SECONDS, Stack, done

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]
Place = tuple[RunningAzure, Stack, Field]
KINDS = ("account", "vault", "vault.key", "roleAssignment", "userAssignedIdentity", "hsm.roleAssignment")
HSM = "hsm-central.managedhsm.azure.net"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A local Azure and a checkout; each test makes groups and stacks of its own."""
    folder = tmp_path_factory.mktemp("adopt")
    with running_azure(folder / "home") as azure:
        yield azure, Stack(folder / "language-cmk", azure.env), Field.at(azure.env)


def state(azure: RunningAzure) -> dict[str, Any]:
    """Everything that the cloud holds of what could be adopted, etags and times of change included."""
    return {kind: cloud.documents(azure, kind) for kind in KINDS}


def without_times(found: dict[str, Any]) -> dict[str, Any]:
    """A state of the cloud without the times at which vaults were written."""
    vaults = [{**one, "body": {**one["body"], "modified": 0}} for one in found["vault"]]
    return {**found, "vault": vaults}


def adopt(stack: Stack, name: str, *words: str) -> None:
    """Runs the command and what it says to run next; the first preview must be empty."""
    run = done(stack.python("-m", "operate", "adopt", "--stack", name, *words))
    for command in run.output.partition("now run\n")[2].splitlines():
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command.replace("pulumi ", "pulumi --non-interactive ")],
            cwd=stack.folder,
            env=stack.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
        assert ended.returncode == 0, command + ended.stdout + ended.stderr


FOUND: Mapping[str, Mapping[str, Any]] = {
    # As the CLI makes one: on Microsoft's keys, no network rules, a region in words.
    "plain": {"vault": None, "location": "West Europe", "tags": {"owner": "somebody"}},
    # With more permissions than needed.
    "policy": {
        "permissions": ["unwrapKey", "wrapKey", "get", "list"],
        "networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "52.1.2.3"}]},
    },
    # By a role assignment at the vault with a name of its own.
    "rbac": {
        "vault": {"enableRbacAuthorization": True},
        "apiProperties": {"qnaAzureSearchEndpointId": "/search"},
    },
    # Without a version, as the portal does; with a larger key; with data that a revocation deletes.
    "automatic": {"kind": "AIServices", "versionless": True},
    "larger": {"kind": "AIServices", "key": {"keySize": 4096}},
    "translator": {"kind": "TextTranslation"},
    # By an identity that was there before.
    "theirs": {"identity": True},
}


def made(
    field: Field,
    home: str,
    name: str,
    *,
    vault: Mapping[str, Any] | None = MappingProxyType({}),
    key: Mapping[str, Any] = MappingProxyType({}),
    permissions: Sequence[str] = WRAPS,
    versionless: bool = False,
    identity: bool = False,
    **account: Any,
) -> list[str]:
    """An account that is bound to a key in a vault of its own, or not; gives the command's words for it."""
    theirs = field.identity(home, f"id-{name}") if identity else None
    assigned = theirs and {"type": "UserAssigned", "userAssignedIdentities": {theirs["id"]: {}}}
    one = field.account(home, f"lang-{name}", assigned, **account)
    if vault is not None:
        at, user = field.vault(home, f"kv-{name}", **vault), theirs["properties"] if theirs else {}
        holder = user.get("principalId") or principal(one)
        if vault.get("enableRbacAuthorization"):
            field.role(at, holder, "0f0f0f0f-0000-4000-8000-000000000001")
        else:
            field.policy(at, holder, [*permissions])
        uri = field.key(at, **key)
        bound = uri.rpartition("/")[0] if versionless else uri
        field.bind(one["id"], bound, slash=not identity, client_id=user.get("clientId", ""))
    return ["--account", one["id"], "--name", name]


def managed_hsm(azure: RunningAzure, field: Field, home: str) -> list[str]:
    """Bound to a key of a managed HSM in another subscription, by a role of the HSM's own at the key."""
    account = field.account(home, "lang-hsm")
    there = field.group(group("rg-hsm", OTHER_SUBSCRIPTION))
    field.hsm(there, "hsm-central")
    hsm = Client(azure.env, HSM, token(azure.env, "https://managedhsm.azure.net"))
    for principal_id, role, scope in (
        (seed.DEPLOYER.object_id, HSM_CRYPTO_USER.id, "/keys"),
        (principal(account), HSM_CRYPTO_SERVICE_ENCRYPTION_USER.id, "/keys/cmk"),
    ):
        properties = {"principalId": principal_id, "roleDefinitionId": role}
        path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{role}?api-version=7.4"
        assert hsm.send("PUT", path, {"properties": properties})[0] == 201
    key = {"kty": "RSA-HSM", "key_size": 2048, "key_ops": ["wrapKey", "unwrapKey"]}
    created = hsm.send("POST", "/keys/cmk/create?api-version=7.4", key)[1]
    field.bind(account["id"], created["key"]["kid"])
    return ["--account", account["id"], "--name", "hsm"]


def two_on_one_vault(field: Field, home: str) -> list[str]:
    """Two accounts under two keys of one vault."""
    vault = field.vault(home, "kv-shared")
    words = []
    for name in ("first", "second"):
        account = field.account(home, f"lang-{name}")
        field.policy(vault, principal(account), WRAPS)
        field.bind(account["id"], field.key(vault, f"key-{name}"))
        words += ["--account", account["id"], "--name", name]
    return words


def test_nothing_changes_and_nothing_is_to_be_changed(place: Place) -> None:
    """Ten accounts, each found in another way: the preview after the import is empty, the first `up` writes
    nothing, and the cloud is byte for byte what it was."""
    azure, stack, field = place
    home = field.group(group("rg-found"))
    words = [word for name, row in FOUND.items() for word in made(field, home, name, **row)]
    words += two_on_one_vault(field, home)
    words += managed_hsm(azure, field, home)
    before, accounts = state(azure), words[1::4]
    histories = [cloud.history(azure, account) for account in accounts]
    adopt(stack, "found", *words, "--follows-key")
    done(stack.deploy("--stack", "found", "--expect-no-changes"))
    assert state(azure) == before
    assert [cloud.history(azure, account) for account in accounts] == histories


@pytest.mark.long
def test_a_vault_in_another_subscription(place: Place) -> None:
    """The program takes a grant there over by itself: the first `up` writes the same access policy,
    and nothing else."""
    azure, stack, field = place
    home = field.group(group("rg-across"))
    account = field.account(home, "lang-across")
    vault = field.vault(field.group(group("rg-keys", OTHER_SUBSCRIPTION)), "kv-across")
    field.policy(vault, principal(account), WRAPS)
    field.bind(account["id"], field.key(vault))
    before, history = state(azure), cloud.history(azure, account["id"])
    words = ["--account", account["id"], "--name", "across"]
    run = done(stack.python("-m", "operate", "adopt", "--stack", "across", *words))
    assert "another subscription" in run.output
    imports = ["--file", "adopt.across.json", "--yes", "--generate-code=false", "--skip-preview"]
    for command in (["stack", "init", "across"], ["import", "--stack", "across", *imports]):
        done(stack.pulumi(*command))
    run = done(stack.deploy("--stack", "across"))
    assert "+ azure-cmk:index:AccessPolicy across-access" in " ".join(run.output.split())
    assert without_times(state(azure)) == without_times(before)
    assert cloud.history(azure, account["id"]) == history
