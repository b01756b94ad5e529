"""Who can read a secret of a stack whose state is under a key of Key Vault: who may use that key, and nobody
else. SECURITY.md keeps `searchServiceKey` from the identity that previews pull requests by this."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.azure import RunningAzure, running_azure
from tests.support.fleets import QUIET, FleetCheckout
from tests.support.judge import Judge
from tests.support.stack import done

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

VAULT = "kv-pulumi-prod"
KEY = f"azurekeyvault://{VAULT}.vault.azure.net/keys/state"
SEARCH = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-data"
    "/providers/Microsoft.Search/searchServices/srch-claims"
)
SECRET = "the-admin-key-of-the-search"


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[RunningAzure]:
    with running_azure(tmp_path / "home") as running:
        yield running


def test_a_search_services_key_is_read_by_nobody_who_may_not_use_the_states_key(
    azure: RunningAzure, tmp_path: Path
) -> None:
    """Who reads all of the subscription, the state and the stack's file gets no preview, no setting and no
    export. Whoever may use the key, too, as the identity that plans what was merged, gets them."""
    fleet = FleetCheckout(tmp_path / "language-cmk", azure.env, ("a", "b"), QUIET)
    stack = fleet.stack
    key = Judge(azure, stack, name=VAULT.removeprefix("kv-")).make_state_key()
    named = ("--stack", "prod")
    fleet.file("prod").write_text(fleet.file("b").read_text())
    fleet.configure("prod", searchServiceId=SEARCH)
    done(stack.pulumi("stack", "init", "prod", "--secrets-provider", KEY))
    done(stack.pulumi("config", "set", *named, "--secret", "language-cmk:searchServiceKey", SECRET))
    done(stack.pulumi("up", "--yes", *named))

    reader = {"role": "Reader", "scope": f"/subscriptions/{azure.env['AZURE_SUBSCRIPTION_ID']}"}
    user = {"role": "Key Vault Crypto User", "scope": key}
    shown = (("config", "--show-secrets"), ("stack", "export", "--show-secrets"))
    for roles, commands in (([reader], (("preview",), *shown)), ([reader, user], shown)):
        login = azure.control("/principals", {"name": str(len(roles)), "roles": roles})
        for prefix in ("ARM", "AZURE"):
            stack.env[f"{prefix}_CLIENT_ID"] = login["clientId"]
            stack.env[f"{prefix}_CLIENT_SECRET"] = login["clientSecret"]
        for words in commands:
            ran = stack.pulumi(*words, *named)
            assert (ran.ok, SECRET in ran.output) == (user in roles, user in roles), ran.output
            assert ran.ok or "Forbidden" in ran.output
    files = [one for one in tmp_path.rglob("*") if one.is_file() and "home" not in one.parts]
    assert not [one for one in files if SECRET.encode() in one.read_bytes()]
