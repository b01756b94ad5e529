"""The controls of common frameworks on which each finding bears, by id and title.

That a finding bears on a control is this project's judgement. An auditor decides what it means; no open
finding is no proof of compliance, since each framework asks for much that no cloud answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, order=True)
class Control:
    """A control of a framework, under the framework's own id and title."""

    framework: str
    id: str
    title: str


CIS: Final = "CIS Microsoft Azure Foundations 3.0.0"
NIST: Final = "NIST SP 800-53 Rev. 5"
ISO: Final = "ISO/IEC 27001:2022, Annex A"
SOURCES: Final[Mapping[str, str]] = {
    CIS: "github.com/turbot/steampipe-mod-azure-compliance, cis_v300",
    NIST: "the OSCAL catalog, github.com/usnistgov/oscal-content, nist.gov/SP800-53/rev5",
    ISO: "github.com/prowler-cloud/prowler, compliance/azure/iso27001_2022_azure.json",
}
"""Where the ids and titles of each framework were read."""

_RECOVERABLE = Control(CIS, "3.3.5", "Ensure the Key Vault is Recoverable")
_PRIVATE = Control(CIS, "3.3.7", "Ensure that Private Endpoints are Used for Azure Key Vault")
_ROTATES = Control(
    CIS, "3.3.8", "Ensure Automatic Key Rotation is Enabled Within Azure Key Vault for the Supported Services"
)
_LOGS = Control(CIS, "6.1.4", "Ensure that logging for Azure Key Vault is 'Enabled'")
_ENFORCED = Control(NIST, "AC-3", "Access Enforcement")
_LEAST = Control(NIST, "AC-6", "Least Privilege")
_REVIEWED = Control(NIST, "AU-6", "Audit Record Review, Analysis, and Reporting")
_GENERATED = Control(NIST, "AU-12", "Audit Record Generation")
_BOUNDARY = Control(NIST, "SC-7", "Boundary Protection")
_KEYS = Control(NIST, "SC-12", "Cryptographic Key Establishment and Management")
_AVAILABLE = Control(NIST, "SC-12(1)", "Availability")
_PROTECTION = Control(NIST, "SC-13", "Cryptographic Protection")
_AT_REST = Control(NIST, "SC-28", "Protection of Information at Rest")
_RIGHTS = Control(ISO, "A.5.18", "Access rights")
_PRIVILEGED = Control(ISO, "A.8.2", "Privileged access rights")
_RESTRICTED = Control(ISO, "A.8.3", "Information access restriction")
_SECURE_LOGIN = Control(ISO, "A.8.5", "Secure authentication")
_LOGGING = Control(ISO, "A.8.15", "Logging")
_MONITORING = Control(ISO, "A.8.16", "Monitoring activities")
_NETWORKS = Control(ISO, "A.8.20", "Networks security")
_CRYPTOGRAPHY = Control(ISO, "A.8.24", "Use of cryptography")

_KEY_MANAGED = (_KEYS, _CRYPTOGRAPHY)
_KEY_LOST = (_AVAILABLE, _CRYPTOGRAPHY)
_KEY_AGE = (_ROTATES, _KEYS, _CRYPTOGRAPHY)
_NARROW = (_LEAST, _RIGHTS)
_REFUSALS = (_REVIEWED, _MONITORING)
CONTROLS: Final[Mapping[str, tuple[Control, ...]]] = {
    "not-under-customer-key": (_KEYS, _AT_REST, _CRYPTOGRAPHY),
    "identity-missing": _KEY_LOST,
    "local-auth-on": (_ENFORCED, _SECURE_LOGIN),
    "account-network-open": (_BOUNDARY, _NETWORKS),
    "account-not-settled": (),
    "kind-ends": (),
    "vault-network-open": (_PRIVATE, _BOUNDARY, _NETWORKS),
    "bound-without-version": _KEY_AGE,
    "follows-key": _KEY_AGE,
    "bound-version-missing": _KEY_LOST,
    "bound-version-expires-soon": _KEY_LOST,
    "bound-version-not-newest": _KEY_AGE,
    "old-versions-enabled": _KEY_MANAGED,
    "key-can-do-more": (_LEAST, *_KEY_MANAGED),
    "no-rotation-policy": _KEY_AGE,
    "rotation-overdue": _KEY_AGE,
    "no-access-to-key": _KEY_LOST,
    "access-too-narrow": _KEY_LOST,
    "access-uncertain": _KEY_LOST,
    "access-too-wide": _NARROW,
    "role-by-page": _NARROW,
    "others-can-unwrap": (_RESTRICTED, *_NARROW),
    "others-can-grant": (_PRIVILEGED, *_NARROW),
    "key-use-not-recorded": (_LOGS, _GENERATED, _LOGGING),
    "key-use-not-readable": (),
    "key-use-log-silent": (_LOGS, _GENERATED, _LOGGING),
    "others-did-unwrap": (_RESTRICTED, _ENFORCED, *_REFUSALS),
    "account-was-refused": _REFUSALS,
    "others-were-refused": _REFUSALS,
    "same-region": (),
    "same-tenant": _KEY_MANAGED,
    "soft-delete": (_RECOVERABLE, *_KEY_LOST),
    "purge-protection": (_RECOVERABLE, *_KEY_LOST),
    "trusted-services": _KEY_LOST,
    "key-type": (_PROTECTION, _CRYPTOGRAPHY),
    "key-operations": _KEY_LOST,
    "key-usable": _KEY_LOST,
    "tier": (_KEYS, _AT_REST, _CRYPTOGRAPHY),
    "outbound": _KEY_LOST,
}
"""The controls that each rule of the findings bears on; none where a rule is the service's own demand and
no framework's."""
