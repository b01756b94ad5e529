"""The signature and the timestamp: openssl alone verifies them, and a changed report fails."""

import json
import subprocess
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import pytest
import requests

from core.key_uris import KeyUri
from localazure import seed
from operate.errors import OperateError
from operate.evidence import report, signature
from operate.evidence.findings import findings
from operate.evidence.signature import SignatureError
from tests.operate.adopt.field import Field
from tests.operate.evidence.door_azure import DoorAzure, _DoorClient
from tests.operate.evidence.made import NOW, days, facts
from tests.support.front import Door, token

VAULT = "https://kv-signs.vault.azure.net"
OPENSSL_CONF = """
[tsa]
default_tsa = own
[own]
serial = {0}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
[stamps]
extendedKeyUsage = critical, timeStamping
"""


@pytest.fixture(scope="module")
def azure() -> DoorAzure:
    """A vault with the RSA key `evidence` and the elliptic one `curve`."""
    door = Door()
    keys = {"objectId": seed.DEPLOYER.object_id, "permissions": {"keys": ["create", "get", "sign"]}}
    policies = [{"tenantId": seed.TENANT_ID, **keys}]
    Field(_DoorClient(door)).vault(door.group("rg-signs"), "kv-signs", accessPolicies=policies)
    for name, kty in (("evidence", "RSA"), ("curve", "EC")):
        bearer = token(audience="https://vault.azure.net")
        made = door.send("POST", f"{VAULT}/keys/{name}/create?api-version=7.4", {"kty": kty}, bearer=bearer)
        assert made.status == 200, made
    return DoorAzure(door)


def written(azure: DoorAzure, folder: Path) -> Mapping[str, str]:
    """A signed report in a folder."""
    signer = signature.signer_of(azure, KeyUri(VAULT, "evidence"))
    signed = facts(signer=signer)
    made = report.files(signed, findings(signed), (), "1")
    beside = {signature.SIGNATURE: signature.signature(azure, signer, made[report.SUMS])}
    report.write(folder, made, beside)
    return made


def shell(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False)


def test_openssl_alone_verifies_the_signature(azure: DoorAzure, tmp_path: Path) -> None:
    """By the commands that the page prints: the sums are right, the key signed them, and it is the key of
    that fingerprint, which the signed document names with the vault's version."""
    made = written(azure, tmp_path)
    assert shell(tmp_path, "sha256sum --check SHA256SUMS").returncode == 0
    assert shell(tmp_path, signature.VERIFY).stdout == "Verified OK\n"
    fingerprint = shell(tmp_path, signature.VERIFY_KEY).stdout.split()[0]
    signed_by = json.loads(made["evidence.json"])["signedBy"]
    assert signed_by["fingerprint"] == fingerprint
    assert signed_by["key"].startswith(f"{VAULT}/keys/evidence/")
    assert fingerprint in made["index.html"]
    assert signature.PUBLIC_KEY in made["SHA256SUMS"]


def test_a_changed_report_fails(azure: DoorAzure, tmp_path: Path) -> None:
    """Each file is in the sums, and with the sums made anew, the signature fails. An unsigned report in the
    place of a signed one has no signature that would fail."""
    written(azure, tmp_path)
    names = {"evidence.json", "index.html", "manifest.json", "signing-key.pem"}
    sums = (tmp_path / "SHA256SUMS").read_text()
    assert {line.split()[-1] for line in sums.splitlines()} == names
    (tmp_path / "SHA256SUMS").write_text(sums.replace("a", "b", 1))
    assert shell(tmp_path, signature.VERIFY).returncode != 0
    report.write(tmp_path, report.files(facts(), (), (), "1"))
    assert {one.name for one in tmp_path.iterdir()} == names - {"signing-key.pem"} | {"SHA256SUMS"}


def test_what_is_no_signature_of_the_key_is_refused(
    azure: DoorAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a vault, or who stands for it, answers: nothing that openssl would not take is written. Only
    an RSA key signs."""
    signer = signature.signer_of(azure, KeyUri(VAULT, "evidence"))
    monkeypatch.setattr(azure, "sign", lambda *_: {"value": "AAAA"})
    with pytest.raises(SignatureError, match="no signature of this key"):
        signature.signature(azure, signer, "sums")
    with pytest.raises(SignatureError, match="found a key of type EC, expected an RSA key"):
        signature.signer_of(azure, KeyUri(VAULT, "curve"))


def test_a_report_goes_on_from_an_earlier_one(tmp_path: Path) -> None:
    """It names the hash of its sums; one that is none, or is not earlier, is refused."""
    made = report.files(facts(), (), (), "1")
    report.write(tmp_path, made)
    taken, named = report.earlier(tmp_path, NOW + days(1))
    assert taken == facts().taken
    assert report.sha256(made["SHA256SUMS"]) in named
    with pytest.raises(OperateError, match="is not before"):
        report.earlier(tmp_path, NOW)
    with pytest.raises(OperateError, match="is no report"):
        report.earlier(tmp_path / "none", NOW + days(1))


@pytest.mark.parametrize("name", ["evidence.json", "index.html", "manifest.json"])
def test_a_report_that_was_changed_is_not_gone_on_from(tmp_path: Path, name: str) -> None:
    """Nor one whose file was left out of the sums, nor one whose lines end otherwise, which
    `sha256sum --check` refuses, too."""
    report.write(tmp_path, report.files(facts(), (), (), "1"))
    sums, text = tmp_path / "SHA256SUMS", (tmp_path / name).read_text()
    for changed in (text.replace("\n", "\r\n"), text + " "):
        (tmp_path / name).write_bytes(changed.encode())
        with pytest.raises(OperateError, match=f"{name} differs from SHA256SUMS: the report was changed"):
            report.earlier(tmp_path, NOW + days(1))
    sums.write_text("".join(f"{one}\n" for one in sums.read_text().splitlines() if name not in one))
    with pytest.raises(OperateError, match=f"{name} differs from SHA256SUMS"):
        report.earlier(tmp_path, NOW + days(1))


@pytest.fixture
def authority(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A time-stamping service of RFC 3161 made of openssl, at every address; gives its certificate."""
    folder = tmp_path_factory.mktemp("authority")
    (folder / "conf").write_text(OPENSSL_CONF.format(folder))
    (folder / "serial").write_text("01\n")
    run = (
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=tsa "
        "-addext 'extendedKeyUsage=critical,timeStamping'"
    )
    made = shell(folder, run)
    assert made.returncode == 0, made.stderr
    reply = "openssl ts -reply -config conf -section own -queryfile query -inkey key.pem -signer cert.pem"

    def post(url: str, sent: bytes, **_: object) -> requests.Response:
        (folder / "query").write_bytes(sent)
        done = shell(folder, f"{reply} -out reply")
        assert done.returncode == 0, done.stderr
        answer = b"no" if url == "refuses" else (folder / "reply").read_bytes()
        if url == "another":
            answer = answer.replace(sent[24:56], bytes(32))
        response = requests.Response()
        response.status_code, response.raw = 500 if url == "fails" else 200, BytesIO(answer)
        return response

    monkeypatch.setattr("operate.evidence.signature.requests.post", post)
    return folder / "cert.pem"


def test_openssl_verifies_the_timestamp(authority: Path, tmp_path: Path) -> None:
    """The service stamps the sums of this report, and of no other."""
    made = report.files(facts(), (), (), "1")
    sums = made[report.SUMS]
    report.write(tmp_path, made, {signature.TIMESTAMP: signature.timestamp("https://tsa", sums)})
    (tmp_path / "authority.pem").write_bytes(authority.read_bytes())
    verified = shell(tmp_path, signature.VERIFY_TIME)
    assert "Verification: OK" in verified.stdout, verified.stderr
    (tmp_path / "SHA256SUMS").write_text(sums + " ")
    assert shell(tmp_path, signature.VERIFY_TIME).returncode != 0


@pytest.mark.parametrize(
    ("url", "why"),
    [("refuses", "granted no timestamp"), ("another", "granted no timestamp"), ("fails", "did not answer")],
)
@pytest.mark.usefixtures("authority")
def test_a_report_without_the_timestamp_is_refused(url: str, why: str) -> None:
    """A service that answers something else, about another report, or nothing: who wanted one gets none that
    looks like one."""
    with pytest.raises(SignatureError, match=why):
        signature.timestamp(url, "sums")
