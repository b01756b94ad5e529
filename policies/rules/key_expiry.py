"""A key has an end date."""

from typing import Final

from core.resource_types import Kind
from policies import sources
from policies.rule import Findings, NotYetKnown, Options, Subject, UsedResourceRule, Violation
from policies.rules.key_usable import expiry_of
from policies.view import UNKNOWN

_DAY: Final = 86_400


def judge(key: Subject, options: Options) -> Findings:
    """A date on the key, or an expiry time in its rotation policy, which dates each new version.

    A disabled key encrypts nothing and is left alone, as in Prowler.
    """
    if key.view.flag("attributes", "enabled") is False:
        return
    expires = expiry_of(key)
    from_policy = key.view.text("rotationPolicy", "attributes", "expiryTime")
    if expires is UNKNOWN or (expires is None and from_policy is UNKNOWN):
        yield NotYetKnown("properties.attributes.expires is not known yet")
    elif expires is None and from_policy is None:
        yield Violation(
            found="neither properties.attributes.expires nor rotationPolicy.attributes.expiryTime is stated",
            required="an expiry date",
            fix="set attributes.expires (seconds since 1970), with a rotation well before it: "
            "with an expired key the service's data cannot be read",
            setting="give the key a rotation policy with az keyvault key rotation-policy update; "
            "key.expiresAfterDays counts only when a key is made",
        )
    elif expires is not None:
        yield from _judge_distance((expires - options.now()) / _DAY, options)


def _judge_distance(days: float, options: Options) -> Findings:
    least, most = options.number("minimumDays"), options.number("maximumDays")
    if least and days < least:
        yield Violation(
            found=f"the key expires in {days:.0f} days",
            required=f"at least {least} days left",
            fix="rotate the key and bind the account to the new version now",
        )
    if most and days > most:
        yield Violation(
            found=f"the key expires in {days:.0f} days",
            required=f"no more than {most} days",
            fix="set an earlier attributes.expires, and a rotation before it",
        )


RULE = UsedResourceRule(
    why="without an end date, nothing shows that a key is overdue for replacement",
    source=sources.FIELD,
    severity="medium",
    level="advisory",
    same_as="azure-policy:152b15f7-8e1f-4c1f-ab71-8c010ba5dbc0 "
    "azure-policy:5ff38825-c5d8-47c5-b70e-069a21955146 azure-policy:49a22571-d204-4c91-a7b6-09b1a586fbc9 "
    "cis-azure-6.0:8.3.1 cis-azure-6.0:8.3.2 checkov:CKV_AZURE_40 trivy:AZU-0014 kics:4d080822 "
    "terrascan:AC_AZURE_0164 prowler:keyvault_rbac_key_expiration_set "
    "prowler:keyvault_key_expiration_set_in_non_rbac cloudsploit:keyExpirationEnabled",
    settings={
        "minimumDays": {
            "type": "integer",
            "minimum": 0,
            "default": 0,
            "description": "Fewest days that must be left; 0 asks for none.",
        },
        "maximumDays": {
            "type": "integer",
            "minimum": 0,
            "default": 0,
            "description": "Most days that may be left; 0 sets no bound.",
        },
    },
    regulated={"minimumDays": 30, "maximumDays": 730},
    kinds=(Kind.KEY,),
    judge=judge,
)
