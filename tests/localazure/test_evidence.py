"""What only the evidence asks: the activity log, roles that somebody may activate, and signatures."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils

from localazure import seed
from localazure.keyvault import crypto
from tests.localazure.driver import URI, Case
from tests.support.front import SUBSCRIPTION, Door, Reply, token

EVENTS = f"{SUBSCRIPTION}/providers/microsoft.insights/eventtypes/management/values?api-version=2015-04-01"
PIM = "providers/Microsoft.Authorization"
DIGEST = hashlib.sha256(b"sums").digest()


def listed(door: Door, more: str = "", *, days: float = 1, text: str = "") -> Reply:
    now = datetime.fromtimestamp(door.cloud.clock.now(), UTC)
    since, until = (time.isoformat() for time in (now - timedelta(days=days), now + timedelta(seconds=1)))
    wanted = text or f"eventTimestamp ge '{since}' and eventTimestamp le '{until}'{more}"
    return door.send("GET", f"{EVENTS}&$filter={quote(wanted)}")


def told(reply: Reply) -> list[tuple[str, str, str]]:
    assert reply.status == 200, reply
    return [
        (one["operationName"]["value"].rpartition("/")[2], one["status"]["value"], one["caller"])
        for one in reply.body["value"]
    ]


def test_each_write_is_an_event_with_who_and_how_it_ended() -> None:
    """Refused ones, too; a read is none; by group and by provider, as Azure filters."""
    door = Door()
    group = door.group("rg-a")
    door.group("rg-b")
    lock = {"properties": {"level": "CanNotDelete"}}
    path = f"{group}/{PIM}/locks/keep?api-version=2020-05-01"
    assert door.send("PUT", path, lock, bearer=token(seed.READER)).status == 403
    assert door.send("PUT", path, lock).status == 201
    assert door.send("GET", group).status == 200
    deployer, reader = seed.DEPLOYER.object_id, seed.READER.object_id
    of_group = [
        ("write", "Succeeded", deployer),
        ("write", "Failed", reader),
        ("write", "Succeeded", deployer),
    ]
    assert told(listed(door, " and resourceGroupName eq 'RG-A'")) == of_group
    assert told(listed(door, " and resourceProvider eq 'Microsoft.Authorization'")) == of_group[1:]
    assert told(listed(door, f" and resourceUri eq '{group}'")) == of_group[:1]
    assert len(told(listed(door))) == 4


def test_the_activity_log_goes_back_90_days_and_takes_few_filters() -> None:
    """An earlier start is refused, and so is any filter that Azure does not name."""
    door = Door()
    door.group("rg-a")
    assert "more than 90 days in the past" in listed(door, days=91).message
    assert listed(door, " and caller eq 'x'").code == "BadRequest"
    assert listed(door, text="eventTimestamp ge 'x' and eventTimestamp le 'y'").code == "BadRequest"
    door.cloud.clock.advance(89 * 86400)
    assert len(told(listed(door, days=89.5))) == 1


def test_an_eligible_role_is_told_until_it_ends() -> None:
    """At, above and below the scope that is asked for; with atScope(), not below; and removed on request."""
    door = Door()
    group = door.group("rg-a")
    ends = datetime.fromtimestamp(door.cloud.clock.now() + 3600, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    role = f"{SUBSCRIPTION}/{PIM}/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c"
    given = {"principalId": "p", "roleDefinitionId": role, "requestType": "AdminAssign"}

    def request(**more: Any) -> Reply:
        path = f"{group}/{PIM}/roleEligibilityScheduleRequests/r1?api-version=2020-10-01"
        return door.send("PUT", path, {"properties": {**given, **more}})

    def instances(scope: str, wanted: str = "") -> list[Mapping[str, Any]]:
        path = f"{scope}/{PIM}/roleEligibilityScheduleInstances?api-version=2020-10-01{wanted}"
        return [one["properties"] for one in door.send("GET", path).body["value"]]

    assert request(scheduleInfo={"expiration": {"endDateTime": ends}}).status == 201
    (one,) = instances(group)
    assert (one["scope"], one["memberType"]) == (group, "Direct")
    assert (len(instances(SUBSCRIPTION)), len(instances(SUBSCRIPTION, "&$filter=atScope()"))) == (1, 0)
    assert request(requestType="Guess").code == "InvalidRoleEligibilityRequest"
    door.cloud.clock.advance(3601)
    assert instances(group) == []
    assert [request().status, len(instances(group))] == [201, 1]
    assert [request(requestType="AdminRemove").status, len(instances(group))] == [201, 0]


def number(text: str) -> int:
    return int.from_bytes(crypto.from_b64url(text), "big")


PADDINGS = {
    "PS256": padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH),
    "RS256": padding.PKCS1v15(),
}


@pytest.mark.parametrize("algorithm", PADDINGS)
def test_a_key_signs_a_digest(case: Case, algorithm: str) -> None:
    """What its public half verifies, over this digest alone; the audit log has it. An algorithm of another
    type of key, and what is no SHA-256 digest, are refused."""
    key = case.do("vault", "new version")["key"]
    sent = {"alg": algorithm, "value": crypto.b64url(DIGEST)}
    made = case.do({"ask": f"POST {URI}/keys/k/sign", "send": sent})
    assert made["kid"] == key["kid"]
    assert case.audit()[-1]["operation"] == "KeySign"
    public = rsa.RSAPublicNumbers(number(key["e"]), number(key["n"])).public_key()
    signed, used = crypto.from_b64url(made["value"]), utils.Prehashed(hashes.SHA256())
    public.verify(signed, DIGEST, PADDINGS[algorithm], used)
    with pytest.raises(InvalidSignature):
        public.verify(signed, DIGEST[::-1], PADDINGS[algorithm], used)
    for wrong in ({"alg": "ES256"}, {"value": "AAAA"}):
        case.do({"ask": f"POST {URI}/keys/k/sign -> 400 BadParameter", "send": {**sent, **wrong}})
