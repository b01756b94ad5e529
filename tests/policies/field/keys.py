"""Keys, as the tests of Azure Policy, PSRule, checkov, KICS, trivy, Prowler and CloudSploit have them."""

from __future__ import annotations

from typing import Any, Final

from tests.policies.asking import NOW
from tests.policies.field.case import FAIL, OPEN, PASS, Case, case

SIZE, USE, END, TURN = "key-rsa-2048", "key-usable", "key-expiry", "key-rotation-policy"
DAY: Final = 86_400
_HSM = "no rule for HSM: the document wants RSA 2048, a software key will do"
_BITS = "only RSA is supported; other sets take more"
_WHOSE = "the kind of the account decides, which a key alone does not say"
_DATE = "an end is on the key or in its rotation policy: either will do"
_EXP = "azure-native drops ARM's exp; the date that it takes is expires"


def key(**properties: Any) -> dict[str, Any]:
    """A key of the shape that most fixtures have."""
    return {"vaultName": "examplekv", "properties": {"kty": "RSA", "keySize": 2048, **properties}}


def turning(*types: Any, **attributes: Any) -> dict[str, Any]:
    """A key with a rotation policy of these actions."""
    actions = [{"action": {"type": one}, "trigger": {"timeAfterCreate": "P18M"}} for one in types]
    return key(rotationPolicy={"attributes": attributes, "lifetimeActions": actions})


def dated(expires: Any, **more: Any) -> dict[str, Any]:
    """A key with a date of its own."""
    return key(attributes={"expires": expires, **more})


TYPES: list[Case] = [
    case("75c4f823", True, key(), SIZE),
    case("75c4f823", False, key(kty="oct"), SIZE),
    case("75c4f823", True, key(kty="EC", keySize=None), but=_BITS, own={SIZE: FAIL}),
    case("82067dbb", True, key(keySize=2048), SIZE),
    case("82067dbb", True, key(keySize=4096), but=_WHOSE, own={SIZE: OPEN}),
    case("82067dbb", False, key(keySize=1024), SIZE),
    case("587c79fe", False, key(), but=_HSM, own={SIZE: PASS}),
    case("587c79fe", True, key(kty="RSA-HSM"), SIZE),
    case("CKV_AZURE_112", True, key(kty="RSA-HSM", keySize="2048"), SIZE),
    case("CKV_AZURE_112", False, key(kty="RSA"), but=_HSM, own={SIZE: PASS}),
    case("CKV_AZURE_112", True, key(kty="EC-HSM", keySize=None), but=_BITS, own={SIZE: FAIL}),
    case("CKV_AZURE_112", False, key(kty="EC", keySize=None, curveName="P-256"), SIZE),
    case("kics:hsm", True, key(kty="rsa-hsm"), SIZE),
    case("cloudsploit:rsaKeySize", False, key(keySize=1024.0), SIZE),
    case("cloudsploit:rsaKeySize", True, key(keySize="3072"), but=_WHOSE, own={SIZE: OPEN}),
    case("no size", False, key(keySize=None), SIZE),
    case("no type", False, {"vaultName": "v", "properties": {"keySize": 2048}}, SIZE),
    case("no properties", False, {"vaultName": "v"}, SIZE),
    case("beside properties", False, {"properties": {"kty": "RSA"}, "keySize": 2048}, SIZE),
]

ENDS: list[Case] = [
    case("152b15f7", True, dated(NOW + DAY), END, USE),
    case("152b15f7", False, key(), END),
    case("152b15f7", False, key(attributes={}), END),
    case("152b15f7", False, key(attributes=None), END),
    case("5ff38825", False, dated(NOW + 10 * DAY), END, config={END: {"minimumDays": 30}}),
    case("5ff38825", True, dated(NOW + 90 * DAY), END, config={END: {"minimumDays": 30}}),
    case("49a22571", False, dated(NOW + 1000 * DAY), END, config={END: {"maximumDays": 730}}),
    case("49a22571", True, dated(NOW + 365 * DAY), END, config={END: {"maximumDays": 730}}),
    case("49a22571", False, key(), END, config={END: {"maximumDays": 730}}),
    case("CKV_AZURE_40", True, dated("2050-12-30T20:00:00Z"), END, USE),
    case("CKV_AZURE_40", False, key(keyOps=["sign", "wrapKey", "unwrapKey"]), END),
    case("CKV_AZURE_40 arm", True, turning(expiryTime="P90D"), END),
    case("CKV_AZURE_40 arm", False, turning(), END),
    case("CKV_AZURE_40 arm", False, turning(expiryTime=""), END),
    case("CKV_AZURE_40 arm", False, turning(expiryTime=None), END),
    case("CKV_AZURE_40 arm", False, key(rotationPolicy={}), END),
    case("CKV_AZURE_40 arm", False, key(rotationPolicy=None), END),
    case("CKV_AZURE_40 arm", False, dated(NOW + DAY), but=_DATE, own={END: PASS}),
    case("trivy:AZU-0014", True, dated("2082-12-30T20:00:00Z"), END),
    case("trivy:AZU-0014", False, dated("0001-01-01T00:00:00Z"), END),
    case("trivy:AZU-0014", False, dated(0), END),
    case("trivy:AZU-0014", False, dated(""), END),
    case("kics:4d080822", True, dated("2030-12-30T20:00:00Z"), END, USE),
    case("kics:4d080822", False, dated(None), END),
    case("kics:4d080822", True, dated("2020-12-30T20:00:00Z"), END, but="an expired key", own={USE: FAIL}),
    case("terrascan:AC_AZURE_0164", False, key(keyOps=["wrapKey", "unwrapKey"]), END),
    case("prowler:key_expiration", True, key(attributes={"enabled": False}), END, but="off", own={USE: FAIL}),
    case("prowler:key_expiration", False, key(attributes={"enabled": True}), END),
    case("prowler:key_expiration", True, dated(NOW + 100 * DAY, enabled=True), END, USE),
    case("cnspec:expiration", True, key(attributes={"exp": NOW + DAY}), END, but=_EXP, own={END: FAIL}),
    case("cnspec:expiration", False, key(attributes={"exp": None, "nbf": 1}), END),
    case("cloudsploit:keyExpiration", True, dated(str(int(NOW + 300 * DAY))), END, USE),
]

TURNS: list[Case] = [
    case("AZR-000123", True, turning("rotate"), TURN),
    case("AZR-000123", True, turning("Rotate", "Notify"), TURN),
    case("AZR-000123", True, turning("notify", "rotate", expiryTime="P2Y"), TURN, END),
    case("AZR-000123", False, turning("notify"), TURN),
    case("AZR-000123", False, turning(), TURN),
    case("AZR-000123", False, key(), TURN),
    case("AZR-000123", False, key(rotationPolicy={"attributes": {"expiryTime": "P90D"}}), TURN),
    case("d8cf8476", False, key(rotationPolicy=None), TURN),
    case("d8cf8476", True, turning("rotate", expiryTime="P1Y"), TURN),
    case("kics:ca1ffce5", True, turning("rotate", "notify", expiryTime="P90D"), TURN, END),
    case("kics:ca1ffce5", False, dated("2030-12-30T20:00:00Z"), TURN),
    case("prowler:rotation", False, key(rotationPolicy={"lifetimeActions": None}), TURN),
    case("prowler:rotation", False, key(rotationPolicy={"lifetimeActions": [{}]}), TURN),
    case("prowler:rotation", False, key(rotationPolicy={"lifetimeActions": [{"action": None}]}), TURN),
    case("prowler:rotation", True, turning("ROTATE"), TURN),
    case("cnspec:auto-rotation", False, key(rotationPolicy={}), TURN),
]

USABLE: list[Case] = [
    case(
        "azurerm example",
        True,
        key(keyOps=["decrypt", "encrypt", "sign", "unwrapKey", "verify", "wrapKey"]),
        USE,
    ),
    case("azurerm example", False, key(keyOps=["decrypt", "encrypt", "sign", "verify"]), USE),
    case("arm quickstart", True, key(keyOps=[]) | {"properties": {"kty": "RSA"}}, USE),
    case("disabled", False, key(attributes={"enabled": "false"}), USE),
    case("not yet", False, key(attributes={"notBefore": NOW + DAY}), USE),
    case("not yet", False, key(attributes={"notBefore": "2050-01-01T00:00:00Z"}), USE),
]

CASES: Final = [*TYPES, *ENDS, *TURNS, *USABLE]
