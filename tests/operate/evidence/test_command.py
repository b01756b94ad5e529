"""The command on a real stack: the real engine, the local Azure over sockets, Azure's own clients."""

import json
from pathlib import Path

import pytest

from operate.evidence.collect import key_use
from tests.engine.shared import done
from tests.support import cloud
from tests.support.azure import running_azure
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]


def test_the_evidence_of_a_stack(tmp_path: Path) -> None:
    """Deployed and rotated once. It says what the cloud has in its own records, and changes nothing in it."""
    with running_azure(tmp_path / "home") as azure:
        stack = Stack(tmp_path / "language-cmk", azure.env)
        for generation in (1, 2):
            stack.configure(key={"generation": generation})
            done(stack.deploy())
        outputs = stack.outputs()
        kinds, account = ("account", "vault"), outputs["accountId"]
        before = [cloud.history(azure, account), *(cloud.documents(azure, kind) for kind in kinds)]
        run = done(stack.python("-m", "operate", "evidence", "--stack", "dev", "--out", "made"))
        assert "not from Azure: no public certificate authority issued the certificate of" in run.output
        assert [cloud.history(azure, account), *(cloud.documents(azure, kind) for kind in kinds)] == before
        bound = [key.rsplit("/", 1)[-1] for key in cloud.bound_keys(azure, account)]
    files = {one.name: one.read_text() for one in (stack.folder / "made").iterdir()}
    found, answers = json.loads(files["evidence.json"]), json.loads(files["manifest.json"])["answers"]
    source = found["source"]
    assert (source["isPublic"], source["applicationId"]) == (False, stack.env["ARM_CLIENT_ID"])
    assert source["tenantId"] == stack.env["ARM_TENANT_ID"]
    assert found["subscriptions"] == [stack.env["AZURE_SUBSCRIPTION_ID"]]
    (service,) = found["services"]
    assert [version["version"] for version in service["key"]["versions"]] == bound
    assert {row["identity"] for row in service["use"]["rows"]} == {outputs["principalId"]}
    assert [f["rule"] for f in found["findings"] if f["rule"] == "not-checked"] == []
    # Who has an access policy and is no group is none for Microsoft Graph.
    groups = {one["answer"][:4] for one in answers if "/groups/" in one["question"]}
    assert groups <= {"ok", "404 "}
    assert {one["answer"] for one in answers if "/groups/" not in one["question"]} == {"ok"}
    # Who asks again needs the very question.
    (query,) = (one["question"] for one in answers if one["question"].startswith("QUERY"))
    assert key_use(service["vault"]["id"]) in query
    assert not any(stack.env["ARM_CLIENT_SECRET"] in text or "eyJ" in text for text in files.values())
