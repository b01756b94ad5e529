"""The signature and the timestamp: openssl alone verifies them, and a changed report fails."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests

from core.key_uris import KeyUri
from localazure import seed
from operate.__main__ import main
from operate.azure import SentQuery
from operate.errors import OperateError
from operate.evidence import report, signature
from operate.evidence.findings import findings
from operate.evidence.model import EarlierReport, Facts, NotChecked
from operate.evidence.signature import SignatureError
from tests.operate.adopt.field import Field
from tests.operate.evidence.door_azure import DoorAzure, _DoorClient
from tests.operate.evidence.made import NEW, NOW, days, facts, key, service, version
from tests.support.front import Door, token

LATE = datetime(2200, 1, 1, tzinfo=UTC)
THEN = NOW - days(90)
VERSION = {"key": key(version(NEW, 120)), "use": NotChecked("no workspace")}
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


def answers(first: datetime) -> list[SentQuery]:
    """Two, of which the second came a quarter of an hour after the first."""
    return [
        SentQuery("GET /", "ok", "0" * 64, first),
        SentQuery("GET /x", "404", "0" * 64, first + timedelta(minutes=15)),
    ]


def read_at(first: datetime, **more: Any) -> Facts:
    """Facts that those answers gave, all of them older than a quarter."""
    return facts(service(**VERSION), taken=first, finished=first + timedelta(minutes=15), **more)


def written(azure: DoorAzure, folder: Path, first: datetime = NOW, **more: Any) -> Mapping[str, str]:
    """A signed report in a folder."""
    signer = signature.signer_of(azure, KeyUri(VAULT, "evidence"))
    signed = read_at(first, signer=signer, **more)
    made = report.files(signed, findings(signed), answers(first), "1")
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
    sums = report.sha256(made["SHA256SUMS"])
    assert report.earlier(tmp_path, NOW + days(1)) == EarlierReport(facts().taken, sums)
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


def verified(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, list[str]]:
    """The exit code of `evidence verify`, and its lines."""
    code = main(["evidence", "verify", *map(str, words)])
    return code, capsys.readouterr().out.splitlines()


@pytest.fixture
def chain(azure: DoorAzure, authority: Path, tmp_path: Path) -> Path:
    """A folder with two signed reports, of which `june` goes on from `march` and is stamped."""
    march, june = tmp_path / "march", tmp_path / "june"
    written(azure, march, THEN)
    before = report.earlier(march, NOW)
    made = written(azure, june, since=THEN, follows=before)
    (june / signature.TIMESTAMP).write_bytes(signature.timestamp("https://tsa", made[report.SUMS]))
    return tmp_path


def resigned(azure: DoorAzure, folder: Path, change: Callable[[Any], None]) -> None:
    """Changes evidence.json, and makes the sums and the signature anew, as a forger with the key does."""
    evidence = json.loads((folder / "evidence.json").read_bytes())
    change(evidence)
    (folder / "evidence.json").write_text(json.dumps(evidence))
    lines = (folder / report.SUMS).read_text().splitlines()
    names = [line.partition("  ")[2] for line in lines]
    sums = "".join(f"{report.sha256((folder / name).read_text())}  {name}\n" for name in names)
    (folder / report.SUMS).write_text(sums)
    signer = signature.signer_of(azure, KeyUri(VAULT, "evidence"))
    (folder / signature.SIGNATURE).write_bytes(signature.signature(azure, signer, sums))


def test_a_signed_stamped_and_continued_report_is_proven_from_its_files(
    azure: DoorAzure, authority: Path, chain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Signature, key, timestamp, times and chain; and it says what no file can prove."""
    key = signature.signer_of(azure, KeyUri(VAULT, "evidence")).fingerprint
    words = ["--since", chain / "march", "--signed-by", key, "--authority", authority]
    code, lines = verified(capsys, chain / "june", *words)
    proven = [line.removeprefix("proven").strip() for line in lines if line.startswith("proven")]
    still_open = [line for line in lines if line.startswith("not proven")]
    assert code == 0, lines
    assert len(proven) + len(still_open) == len(lines)
    wanted = (
        "files match",
        "answers from 2026-06-01",
        f"SHA-256 {key}",
        "when the service stamped it",
        "answers",
    )
    assert all(words in text for words, text in zip((*wanted, "goes on from"), proven, strict=True)), proven
    assert len(still_open) == 1
    assert "that Azure gave these answers" in still_open[0]
    code, lines = verified(capsys, chain / "june")
    said = " ".join(line for line in lines if line.startswith("not proven"))
    assert code == 0
    assert all(words in said for words in ("az keyvault key download --id", "--authority", "--since")), said


DAY_BEFORE = (NOW - days(1)).strftime("%Y-%m-%dT%H:%M:%SZ")
FORGERIES: Mapping[str, tuple[Callable[[Any], None], str]] = {
    "dated to a day before its answers": (
        lambda evidence: evidence.update(readFrom=DAY_BEFORE, readUntil=DAY_BEFORE, judgedAt=DAY_BEFORE),
        "was read from .* and its answers were given",
    ),
    "judged as of a day before its answers": (
        lambda evidence: evidence.update(judgedAt=DAY_BEFORE),
        "judges as of .* before the last answer",
    ),
    "with a key version of the year after": (
        lambda evidence: evidence["services"][0]["key"]["versions"][0].update(created="2027-06-01T00:00:00Z"),
        "it has a fact of 2027-06-01",
    ),
    "with a time left out after the earlier one": (
        lambda evidence: evidence.update(since=DAY_BEFORE),
        "after .*march was read",
    ),
    "after another report": (
        lambda evidence: evidence["follows"].update(sumsSha256="0" * 64),
        "june does not go on from .*march",
    ),
    "after none": (lambda evidence: evidence.update(follows=None), "june does not go on from .*march"),
    "by nobody": (lambda evidence: evidence.update(signedBy=None), "no signature of the key"),
    "by another key than it names": (
        lambda evidence: evidence["signedBy"].update(fingerprint="0" * 64),
        "no signature of the key",
    ),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_report_that_contradicts_itself_is_wrong_though_it_is_signed(
    azure: DoorAzure, chain: Path, forgery: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever has the key cannot date a report to any day."""
    change, words = FORGERIES[forgery]
    resigned(azure, chain / "june", change)
    code, lines = verified(capsys, chain / "june", "--since", chain / "march")
    wrong = [line for line in lines if line.startswith("wrong")]
    assert code == 1
    assert len(wrong) == 1
    assert re.search(words, wrong[0]), wrong


def test_what_a_report_is_compared_with_may_be_another(
    azure: DoorAzure, authority: Path, chain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another key, another authority, a timestamp of another report or of before it was read, a signature of
    other sums, and none where one is expected."""
    june, march = chain / "june", chain / "march"
    stamp, signed = (june / signature.TIMESTAMP).read_bytes(), (june / signature.SIGNATURE).read_bytes()

    def wrong(folder: Path, *words: object) -> str:
        code, lines = verified(capsys, folder, *words)
        found = [line for line in lines if line.startswith("wrong")]
        assert (code, len(found)) == (1, 1), lines
        return found[0]

    assert "--signed-by names another key" in wrong(june, "--signed-by", "0" * 64)
    assert "it has no timestamp" in wrong(march, "--authority", authority)
    (march / signature.TIMESTAMP).write_bytes(stamp)
    assert "no timestamp of this report" in wrong(march, "--authority", authority)
    (march / signature.SIGNATURE).write_bytes(signed)
    assert "no signature of the key" in wrong(march)
    other = shell(chain, "openssl req -x509 -newkey rsa:2048 -nodes -keyout k -out other.pem -subj /CN=tsa")
    assert other.returncode == 0, other.stderr
    assert "no timestamp of this report" in wrong(june, "--authority", chain / "other.pem")
    shutil.rmtree(march)
    report.write(march, report.files(read_at(NOW), (), answers(NOW), "1"))
    assert "not signed" in wrong(march, "--signed-by", "0" * 64)
    late = report.files(read_at(LATE), (), answers(LATE), "1")
    report.write(march, late, {signature.TIMESTAMP: signature.timestamp("https://tsa", late[report.SUMS])})
    assert "before its last answer" in wrong(march, "--authority", authority)


def test_a_changed_file_and_another_schema_are_refused(
    chain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A changed report is exit code 1; one of another version of the tool cannot be read."""
    (chain / "march" / "index.html").write_text("<html>")
    assert main(["evidence", "verify", str(chain / "march")]) == 1
    assert "index.html differs from SHA256SUMS" in capsys.readouterr().err
    made = report.files(read_at(NOW), (), answers(NOW), "1")
    older = {**made, "evidence.json": made["evidence.json"].replace("evidence/2", "evidence/1")}
    sums = made[report.SUMS].replace(
        report.sha256(made["evidence.json"]), report.sha256(older["evidence.json"])
    )
    report.write(chain / "march", {**older, report.SUMS: sums})
    assert main(["evidence", "verify", str(chain / "march")]) == 2
    assert "found a report of the schema 'language-cmk/evidence/1'" in capsys.readouterr().err
    (chain / "june" / report.SUMS).write_text(f"{'0' * 64}  ../march/evidence.json\n")
    assert main(["evidence", "verify", str(chain / "june")]) == 2
    assert "lists other files than a report has" in capsys.readouterr().err
