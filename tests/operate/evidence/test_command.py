"""The command on a real stack: the real engine, the local Azure over sockets, Azure's own clients."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from operate.evidence.collect import key_use
from tests.engine.shared import done
from tests.support import cloud
from tests.support.azure import RunningAzure, running_azure
from tests.support.stack import Stack

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def rotated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningAzure, Stack]]:
    """Stack dev, deployed and rotated once."""
    folder = tmp_path_factory.mktemp("evidence")
    with running_azure(folder / "home") as azure:
        stack = Stack(folder / "language-cmk", azure.env)
        for generation in (1, 2):
            stack.configure(key={"generation": generation})
            done(stack.deploy())
        yield azure, stack


def at(azure: RunningAzure, days: float = 0) -> str:
    """A moment on the cloud's clock."""
    now = float(azure.control("/clock")["seconds"])
    return datetime.fromtimestamp(now + days * 86400, UTC).isoformat(timespec="seconds")


def files(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def test_the_evidence_of_a_stack(rotated: tuple[RunningAzure, Stack]) -> None:
    """It says what the cloud has in its own records, changes nothing in it, and is the same the next time."""
    azure, stack = rotated
    outputs = stack.outputs()
    history = cloud.history(azure, outputs["accountId"])
    documents = cloud.documents(azure, "account"), cloud.documents(azure, "vault")
    moment = at(azure)
    for name in ("first", "second"):
        words = ("--stack", "dev", "--out", name, "--at", moment)
        run = stack.python("-m", "operate", "evidence", *words)
        assert run.code == 0, run.output
        assert "not from Azure: no public certificate authority issued the certificate of" in run.output
    first, second = files(stack.folder / "first"), files(stack.folder / "second")
    assert first == second
    assert sorted(first) == ["SHA256SUMS", "evidence.json", "index.html", "manifest.json"]

    found = json.loads(first["evidence.json"])
    source = found["source"]
    assert (source["isPublic"], source["applicationId"]) == (False, stack.env["ARM_CLIENT_ID"])
    assert (source["tenantId"], found["subscriptions"]) == (
        stack.env["ARM_TENANT_ID"],
        [stack.env["AZURE_SUBSCRIPTION_ID"]],
    )
    (service,) = found["services"]
    versions = [version["version"] for version in service["key"]["versions"]]
    bound = [key.rsplit("/", 1)[-1] for key in cloud.bound_keys(azure, outputs["accountId"])]
    assert versions == bound
    assert service["account"]["encryption"]["keyVersion"] == bound[-1]
    assert service["boundSince"]["notAfter"] is not None
    assert [grant["principalId"] for grant in service["whoCanUnwrap"]] == [outputs["principalId"]]
    assert {row["identity"] for row in service["use"]["rows"]} == {outputs["principalId"]}
    assert [f["rule"] for f in found["findings"] if f["rule"] == "not-checked"] == []

    manifest = json.loads(first["manifest.json"])
    # Who has an access policy and is no group is none for Microsoft Graph.
    groups = {answer["answer"][:4] for answer in manifest["answers"] if "/groups/" in answer["question"]}
    assert groups <= {"ok", "404 "}
    assert {one["answer"] for one in manifest["answers"] if "/groups/" not in one["question"]} == {"ok"}
    # Who asks again needs the very question.
    (query,) = (a["question"] for a in manifest["answers"] if a["question"].startswith("QUERY"))
    assert key_use(service["vault"]["id"]) in query
    assert set(manifest["files"]) == {"evidence.json", "index.html"}
    secret = stack.env["ARM_CLIENT_SECRET"].encode()
    assert not any(secret in content or b"eyJ" in content for content in first.values())

    assert cloud.history(azure, outputs["accountId"]) == history
    assert (cloud.documents(azure, "account"), cloud.documents(azure, "vault")) == documents
