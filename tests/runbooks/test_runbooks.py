"""What a person gets who follows each page. Each ends with the data as it was, readable (conftest.py)."""

import json

import pytest

from core.api_versions import KEYS
from core.service.outputs import service_outputs
from operate.evidence.collect import key_use
from operate.revoke import actions
from tests.operate.adopt.field import WRAPS, Field, group, principal
from tests.runbooks import page
from tests.runbooks.conftest import Runbook
from tests.support import cloud
from tests.support.arm_client import ask
from tests.support.az import commands_in
from tests.support.crash import killed_at, locked, moment
from tests.support.judge import ACCOUNTS, MICROSOFT, VAULTS
from tests.support.printed import printed
from tests.support.stack import done

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800), pytest.mark.long]
ROLE = moment("PUT", "{scope*}/providers/Microsoft.Authorization/roleAssignments/{name}")


def carry_out(runbook: Runbook, lines: str) -> None:
    """Carries out printed commands as the requests that az makes of them."""
    judge, env = runbook.judge, runbook.azure.env
    for words, options in commands_in(lines):
        if words == "keyvault key set-attributes":
            enabled = {"attributes": {"enabled": options["enabled"] == ["true"]}}
            ask(env, "PATCH", f"{options['id'][0]}?api-version={KEYS}", enabled)
            continue
        assert (words, options["name"]) == ("keyvault delete-policy", [judge.vault_id.rpartition("/")[2]])
        entry = {"tenantId": env["AZURE_TENANT_ID"], "objectId": options["object-id"][0], "permissions": {}}
        body = {"properties": {"accessPolicies": [entry]}}
        judge.arm("PUT", f"{judge.vault_id}/accessPolicies/remove", VAULTS, body)


def test_revoke_and_restore(runbook: Runbook) -> None:
    """Data is out of reach from the revocation to the restoration, and never unbound."""
    readable = {"Revoke": False, "Check again later": False, "Restore": True}
    assert runbook.followed("revoke-and-restore") == readable
    assert runbook.judge.verdicts(versions=1) == []


def test_revocation_drill(runbook: Runbook) -> None:
    """The data can be read again after each step, and every grant is what it was."""
    grants = sorted(runbook.judge.grants())
    assert set(runbook.followed("revocation-drill").values()) == {True}
    assert sorted(runbook.judge.grants()) == grants


def test_emergency_revocation(runbook: Runbook) -> None:
    """What was cut off without Pulumi stays so until the settings give it back."""

    def meanwhile(heading: str) -> None:
        if heading == "Before anything happens":
            carry_out(runbook, "\n".join(actions(service_outputs(runbook.stack.outputs()))["revoke"]))

    assert runbook.followed("emergency-revocation", meanwhile) == {
        "Before anything happens": False,
        "Revoke": False,
        "What Pulumi says afterwards": False,
        "Keep it revoked": False,
        "Restore it": True,
    }
    assert runbook.judge.verdicts(versions=1) == []


def test_drift(runbook: Runbook) -> None:
    """An account that was unbound and a vault that was deleted come back."""
    judge = runbook.judge

    def meanwhile(heading: str) -> None:
        if heading == "The vault was deleted":
            judge.bring_back(judge.vault_id)
        assert judge.reads_data(), heading
        if heading == "The account was unbound":
            judge.arm("DELETE", judge.vault_id, VAULTS)

    judge.arm("PATCH", judge.account_id, ACCOUNTS, {"properties": {"encryption": {"keySource": MICROSOFT}}})
    runbook.followed("drift", meanwhile)
    assert judge.bound_version() == judge.versions()[-1]


def test_destroy_and_come_back(runbook: Runbook) -> None:
    """The account is never cut off before it goes, and comes back bound, with its data."""
    judge = runbook.judge
    for heading in runbook.run("destroy-and-come-back"):
        if heading == "What remains, and until when":
            assert cloud.documents(runbook.azure, "account") == []
        if heading == "Start again under other names":
            judge.bring_back()
    assert judge.lapses() == []
    assert judge.bound_version() == judge.versions()[-1]


def test_adopt(runbook: Runbook) -> None:
    """An account that somebody else bound comes under the project, and is byte for byte what it was."""
    azure, field = runbook.azure, Field.at(runbook.azure.env)
    home = field.group(group("rg-found"))
    account, vault = field.account(home, "lang-found"), field.vault(home, "kv-found")
    field.policy(vault, principal(account), WRAPS)
    field.bind(account["id"], field.key(vault))
    kinds, history = ("account", "vault", "vault.key"), cloud.history(azure, account["id"])
    before = [cloud.documents(azure, kind) for kind in kinds]
    runbook.stack.env["ACCOUNT"] = account["id"]
    headings = ["Write settings and import file", "Import", "Check that nothing changes"]
    assert [*runbook.followed("adopt")] == headings
    assert [cloud.documents(azure, kind) for kind in kinds] == before
    assert cloud.history(azure, account["id"]) == history


def _lifts_its_lock(runbook: Runbook) -> None:
    """By what `make up` prints, typed; and lays the lock back for the page."""
    folder, env = runbook.stack.folder, runbook.stack.env
    (lock,) = (folder / ".pulumi" / "backend").rglob("locks/**/*.json")
    held, told = lock.read_bytes(), page.ran("make up", folder, env)
    (command,) = [line for line in printed(told.stdout) if "localazure exec" in line]
    assert "pulumi cancel --stack dev" in command
    lifted = page.ran(command, folder, env)
    assert lifted.returncode == 0, lifted.stdout
    assert not locked(runbook.stack)
    lock.write_bytes(held)


def test_crash_recovery(runbook: Runbook) -> None:
    """The machine dies while resources are made; the page's commands end it, the data readable all along. Who
    runs `make up` instead is told the command that lifts the lock."""

    def meanwhile(heading: str) -> None:
        if heading.startswith("Before anything"):
            assert killed_at(runbook.azure, runbook.stack, [ROLE])
            _lifts_its_lock(runbook)
        if heading == "Going on":
            assert len(cloud.documents(runbook.azure, "roleAssignment")) >= 2

    assert set(runbook.followed("crash-recovery", meanwhile).values()) == {True}
    assert runbook.judge.verdicts(versions=1) == []
    assert runbook.judge.refusals() == []


def test_evidence(runbook: Runbook) -> None:
    """Who follows the page has evidence of the stack's account, with who asked, and the very questions
    to ask again. Nothing has changed, and no file has a secret or a token."""
    judge, env = runbook.judge, runbook.azure.env
    before = judge.history(), judge.grants()
    runbook.followed("evidence")
    folder = runbook.stack.folder / ".evidence"
    files = {one.name: one.read_text() for one in folder.iterdir() if one.is_file()}
    found, answers = json.loads(files["evidence.json"]), json.loads(files["manifest.json"])["answers"]
    source = found["source"]
    assert (source["isPublic"], source["applicationId"]) == (False, env["ARM_CLIENT_ID"])
    assert (source["tenantId"], found["subscriptions"]) == (
        env["ARM_TENANT_ID"],
        [env["AZURE_SUBSCRIPTION_ID"]],
    )
    (service,) = found["services"]
    assert service["accountId"] == judge.account_id
    assert service["account"]["encryption"]["keyVersion"] == judge.bound_version()
    assert {row["identity"] for row in service["use"]["rows"]} == {service["account"]["principalId"]}
    assert [one for one in found["findings"] if one["rule"] == "not-checked"] == []
    assert all(found["readFrom"] <= one["date"] <= found["readUntil"] for one in answers)
    # Who has an access policy and is no group is none for Microsoft Graph.
    groups = {one["answer"][:4] for one in answers if "/groups/" in one["question"]}
    assert groups <= {"ok", "404 "}
    assert {one["answer"] for one in answers if "/groups/" not in one["question"]} == {"ok"}
    (query,) = (one["question"] for one in answers if one["question"].startswith("QUERY"))
    assert key_use(service["vault"]["id"]) in query
    assert not any(env["ARM_CLIENT_SECRET"] in text or "eyJ" in text for text in files.values())
    assert (judge.history(), judge.grants()) == before


def test_rotate(runbook: Runbook) -> None:
    """Each rotation binds the newest version, and no moment is unbound or unreadable."""
    judge = runbook.judge

    def meanwhile(heading: str) -> None:
        if heading == "Raise the generation":
            assert judge.verdicts(versions=2) == []
            judge.vault("POST", "/keys/cmk-contoso-dev/rotate")

    assert set(runbook.followed("rotate", meanwhile).values()) == {True}
    assert judge.verdicts(versions=3) == []
    assert judge.refusals() == []


def test_rotate_after_compromise(runbook: Runbook) -> None:
    """The old version is off, the account on the new one, and no moment was unbound or unreadable."""

    def meanwhile(heading: str) -> None:
        if heading == "Find the old versions that no account uses":
            told = json.loads((runbook.stack.folder / "old-versions.json").read_text())["findings"]
            (fix,) = (one["fix"] for one in told if one["rule"] == "old-versions-enabled")
            carry_out(runbook, fix)

    assert set(runbook.followed("rotate-after-compromise", meanwhile).values()) == {True}
    (key,) = cloud.documents(runbook.azure, "vault.key")
    assert [version["enabled"] for version in key["body"]["versions"]] == [False, True]
    assert runbook.judge.verdicts(versions=2) == []
    assert runbook.judge.refusals() == []


@pytest.mark.parametrize("provider", ["azure-native", "azure-cmk"])
@pytest.mark.parametrize("then", ["set right", "taken out"])
def test_a_rotated_client_secret_in_the_configuration(provider: str, then: str, runbook: Runbook) -> None:
    """A refresh logs in as the last update did; the command that is told, as the configuration says now. So
    that one is the way out, and the next plain update goes on. azure-native is asked first, so that the state
    has the other secret for azure-native alone, which reads nothing in a plain update: `recover` then meets
    no refusal, and goes by what the state has."""
    stack = runbook.stack
    right = stack.env["AZURE_CLIENT_SECRET"]
    for name in ("client", "tenant", "subscription"):
        value = stack.env[f"ARM_{name.upper()}_ID"]
        done(stack.pulumi("config", "set", f"{provider}:{name}Id", value))
    secret = ("config", "set", "--secret", f"{provider}:clientSecret")
    done(stack.pulumi(*secret, right))
    done(stack.deploy())
    done(stack.pulumi(*secret, "another"))
    # Whether this one fails depends on whether it asks Azure anything; the state has the secret all the same.
    stack.deploy()
    mended = (*secret, right) if then == "set right" else ("config", "rm", f"{provider}:clientSecret")
    done(stack.pulumi(*mended))
    refused = stack.deploy("--refresh")
    assert (refused.ok, "AADSTS7000215" in refused.output) == (False, True)
    command = "up --stack dev --refresh --run-program"
    recover = stack.python("-m", "operate", "recover", "--stack", "dev")
    assert f"`pulumi {command}`" in recover.output
    done(stack.pulumi(*command.split(), "--yes", "--skip-preview"))
    done(stack.deploy("--refresh"))
    assert runbook.judge.lapses() == []
