"""What only the evidence asks: the activity log, roles that somebody may activate, and signatures."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils
from jwt.algorithms import RSAAlgorithm

from localazure import seed
from localazure.keyvault import crypto
from localazure.roles import BY_NAME
from tests.localazure.driver import DAY, GROUP, URI, Case
from tests.support.front import SUBSCRIPTION, Reply

EVENTS = f"{SUBSCRIPTION}/providers/microsoft.insights/eventtypes/management/values?api-version=2015-04-01"
PIM = f"{GROUP}/providers/Microsoft.Authorization"
DIGEST = hashlib.sha256(b"sums").digest()


def listed(case: Case, more: str = "", *, days: float = 1, text: str = "") -> Reply:
    now = datetime.fromtimestamp(case.cloud.clock.now(), UTC)
    since, until = (time.isoformat() for time in (now - timedelta(days=days), now + timedelta(seconds=1)))
    wanted = text or f"eventTimestamp ge '{since}' and eventTimestamp le '{until}'{more}"
    return case.ask("GET", f"{EVENTS}&$filter={quote(wanted)}")


def told(reply: Reply) -> list[tuple[str, str, str]]:
    return [
        (one["operationName"]["value"].rpartition("/")[2], one["status"]["value"], one["caller"])
        for one in reply.body["value"]
    ]


def test_each_write_is_an_event_with_who_and_how_it_ended(case: Case) -> None:
    """Refused ones, too; a read is none; by group and by provider, as Azure filters."""
    lock = {"send": {"properties": {"level": "CanNotDelete"}}}
    put = f"PUT {PIM}/locks/keep"
    case.do(f"PUT {GROUP} with west", f"PUT {GROUP}-b with west", {"ask": f"{put} by reader -> 403", **lock})
    case.do({"ask": f"{put} -> 201", **lock}, f"GET {GROUP}")
    deployer, reader = seed.DEPLOYER.object_id, seed.READER.object_id
    of_group = [
        ("write", "Succeeded", deployer),
        ("write", "Failed", reader),
        ("write", "Succeeded", deployer),
    ]
    assert told(listed(case, " and resourceGroupName eq 'RG'")) == of_group
    assert told(listed(case, " and resourceProvider eq 'Microsoft.Authorization'")) == of_group[1:]
    assert told(listed(case, f" and resourceUri eq '{GROUP}'")) == of_group[:1]
    assert len(told(listed(case))) == 4


def test_the_activity_log_goes_back_90_days_and_takes_few_filters(case: Case) -> None:
    """An earlier start is refused, and so is any filter that Azure does not name."""
    case.do(f"PUT {GROUP} with west")
    assert "more than 90 days in the past" in listed(case, days=91).message
    assert listed(case, " and caller eq 'x'").code == "BadRequest"
    assert listed(case, text="eventTimestamp ge 'x' and eventTimestamp le 'y'").code == "BadRequest"
    case.cloud.clock.advance(89 * DAY)
    assert len(told(listed(case, days=89.5))) == 1


def test_an_eligible_role_is_told_until_it_ends(case: Case) -> None:
    """At, above and below the scope that is asked for; with atScope(), not below; and removed on request."""
    ends = case.cloud.clock.datetime() + timedelta(hours=1)
    expiration = {"endDateTime": ends.strftime("%Y-%m-%dT%H:%M:%SZ")}
    role = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{BY_NAME['Contributor'].id}"
    given = {"principalId": "p", "roleDefinitionId": role, "requestType": "AdminAssign"}

    def request(found: str, **more: Any) -> Any:
        put = f"PUT {PIM}/roleEligibilityScheduleRequests/r1?api-version=2020-10-01 -> {found}"
        return {"ask": put, "send": {"properties": {**given, **more}}}

    def instances(scope: str, number: int, wanted: str = "") -> Any:
        url = f"{scope}/providers/Microsoft.Authorization/roleEligibilityScheduleInstances"
        return {"ask": f"GET {url}?api-version=2020-10-01{wanted}", "sizes": {"value": number}}

    case.do(request("201", scheduleInfo={"expiration": expiration}))
    one = case.do(instances(GROUP, 1))["value"][0]["properties"]
    assert (one["scope"], one["memberType"]) == (GROUP, "Direct")
    case.do(instances(SUBSCRIPTION, 1), instances(SUBSCRIPTION, 0, "&$filter=atScope()"))
    case.do(request("400 InvalidRoleEligibilityRequest", requestType="Guess"), {"wait": 3601})
    case.do(instances(GROUP, 0), request("201"), instances(GROUP, 1))
    case.do(request("201", requestType="AdminRemove"), instances(GROUP, 0))


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
    public = RSAAlgorithm.from_jwk(key)
    assert isinstance(public, rsa.RSAPublicKey)
    signed, used = crypto.from_b64url(made["value"]), utils.Prehashed(hashes.SHA256())
    public.verify(signed, DIGEST, PADDINGS[algorithm], used)
    with pytest.raises(InvalidSignature):
        public.verify(signed, DIGEST[::-1], PADDINGS[algorithm], used)
    for wrong in ({"alg": "ES256"}, {"value": "AAAA"}):
        case.do({"ask": f"POST {URI}/keys/k/sign -> 400 BadParameter", "send": {**sent, **wrong}})
