"""Foundry's agents in their standard setup, docs/examples/agents, on the real engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support import cloud
from tests.support.arm_client import ARM, ask
from tests.support.azure import RunningAzure
from tests.support.consumers import consumer
from tests.support.stack import done

pytestmark = [pytest.mark.engine, pytest.mark.long]
KEYS = "https://kv-agents.vault.azure.net/"


def bodies(azure: RunningAzure, kind: str) -> list[dict[str, Any]]:
    return [document["body"] for document in cloud.documents(azure, kind)]


def test_agents_and_their_stores_are_made_under_keys_settle_and_go(
    empty_azure: RunningAzure, tmp_path: Path
) -> None:
    """From a preview of nothing to a destroy, under the policy pack. Azure got each store with its key and
    the identity that uses it, and the account was readable all the time. A role at a key that somebody took
    away comes back with an update that refreshes, and with no other."""
    stack = consumer(tmp_path, empty_azure, "agents")
    done(stack.pulumi("stack", "select", "--create", "dev"))
    pack = ("--policy-pack", "../../../policies")
    done(stack.pulumi("preview", *pack))
    done(stack.pulumi("up", "--yes", *pack))
    done(stack.pulumi("up", "--yes", "--expect-no-changes", *pack))

    (cosmos,) = bodies(empty_azure, "databaseAccounts")
    (identity,) = cosmos["identity"]["userAssignedIdentities"]
    assert cosmos["properties"]["keyVaultKeyUri"] == f"{KEYS}keys/cmk-agents-threads"
    assert cosmos["properties"]["defaultIdentity"] == f"UserAssignedIdentity={identity}"
    (files,) = bodies(empty_azure, "storageAccounts")
    (identity,) = files["identity"]["userAssignedIdentities"]
    assert files["properties"]["encryption"] == {
        "keySource": "Microsoft.Keyvault",
        "keyvaultproperties": {"keyvaulturi": KEYS, "keyname": "cmk-agents-files"},
        "identity": {"userAssignedIdentity": identity},
    }
    (search,) = bodies(empty_azure, "searchServices")
    (identity,) = search["identity"]["userAssignedIdentities"]
    assert search["properties"]["encryptionWithCmk"]["serviceLevelEncryptionKey"] == {
        "keyVaultUri": KEYS,
        "keyVaultKeyName": "cmk-agents-vectors",
        "identity": {
            "@odata.type": "#Microsoft.Azure.Search.DataUserAssignedIdentity",
            "userAssignedIdentity": identity,
        },
    }
    (host,) = bodies(empty_azure, "project.hosts")
    connections = {one["name"] for one in bodies(empty_azure, "account.projects.connections")}
    named = ("threadStorageConnections", "storageConnections", "vectorStoreConnections")
    assert {name for each in named for name in host["properties"][each]} == connections

    group = cosmos["id"].partition("/providers/")[0]
    account = f"{group}/providers/Microsoft.CognitiveServices/accounts/aif-agents"
    assert all(state["readable"] for state in cloud.history(empty_azure, account))

    key = f"https://{ARM}{group}/providers/Microsoft.KeyVault/vaults/kv-agents/keys/cmk-agents-threads"
    roles = (
        f"{key}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&$filter=atScope()"
    )

    def at_key() -> list[str]:
        found = ask(empty_azure.env, "GET", roles)["value"]
        return [one["id"] for one in found if "/keys/" in one["properties"]["scope"]]

    (role,) = at_key()
    ask(empty_azure.env, "DELETE", f"https://{ARM}{role}?api-version=2022-04-01")
    done(stack.pulumi("up", "--yes", "--expect-no-changes"))
    assert at_key() == []
    done(stack.pulumi("up", "--yes", "--refresh"))
    assert len(at_key()) == 1

    assert stack.pulumi("state", "unprotect", "--all", "--yes").ok
    done(stack.pulumi("destroy", "--yes"))
    for kind in ("account", "databaseAccounts", "storageAccounts", "searchServices", "account.hosts"):
        assert bodies(empty_azure, kind) == [], kind
