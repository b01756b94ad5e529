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
    CIS: "github.com/turbot/steampipe-mod-azure-compliance, cis_v300; read on 2026-11-30",
    NIST: "FedRAMP's System Security Plan for Rev. 5, Appendix A, table of contents; read on 2026-11-30",
    ISO: "github.com/prowler-cloud/prowler, compliance/azure/iso27001_2022_azure.json; read on 2026-11-30",
}
"""Where each id and title of a framework was checked, and when; upper and lower case may differ there."""
_TITLES: Final = {
    CIS: {
        "3.3.5": "Ensure the Key Vault is Recoverable",
        "3.3.7": "Ensure that Private Endpoints are Used for Azure Key Vault",
        "3.3.8": "Ensure Automatic Key Rotation is Enabled Within Azure Key Vault for the Supported Services",
        "6.1.4": "Ensure that logging for Azure Key Vault is 'Enabled'",
    },
    NIST: {
        "AC-3": "Access Enforcement",
        "AC-6": "Least Privilege",
        "AU-6": "Audit Record Review, Analysis, and Reporting",
        "AU-9": "Protection of Audit Information",
        "AU-11": "Audit Record Retention",
        "AU-12": "Audit Record Generation",
        "SC-7": "Boundary Protection",
        "SC-12": "Cryptographic Key Establishment and Management",
        "SC-12(1)": "Availability",
        "SC-13": "Cryptographic Protection",
        "SC-28": "Protection of Information at Rest",
    },
    ISO: {
        "A.5.18": "Access rights",
        "A.8.2": "Privileged access rights",
        "A.8.3": "Information access restriction",
        "A.8.5": "Secure authentication",
        "A.8.15": "Logging",
        "A.8.16": "Monitoring activities",
        "A.8.24": "Use of cryptography",
    },
}
_KEY_LOST: Final = "SC-12(1) A.8.24"
_KEY_AGE: Final = "3.3.8 SC-12 A.8.24"
_LOGGED: Final = "6.1.4 AU-12 A.8.15"
_BEARS: Final = {
    "not-under-customer-key": "SC-12 SC-28 A.8.24",
    "identity-missing": _KEY_LOST,
    "local-auth-on": "AC-3 A.8.5",
    "account-network-open": "SC-7",
    "account-not-settled": "",
    "kind-ends": "",
    "vault-network-open": "3.3.7 SC-7",
    "bound-without-version": _KEY_AGE,
    "follows-key": _KEY_AGE,
    "bound-version-missing": _KEY_LOST,
    "bound-version-expires-soon": _KEY_LOST,
    "bound-version-not-newest": _KEY_AGE,
    "old-versions-enabled": "SC-12 A.8.24",
    "key-can-do-more": "AC-6 SC-12 A.8.24",
    "no-rotation-policy": _KEY_AGE,
    "rotation-overdue": _KEY_AGE,
    "no-access-to-key": _KEY_LOST,
    "access-too-narrow": _KEY_LOST,
    "access-uncertain": _KEY_LOST,
    "access-too-wide": "AC-6 A.5.18",
    "role-by-page": "AC-6 A.5.18",
    "others-can-unwrap": "AC-6 A.5.18 A.8.3",
    "others-can-grant": "AC-6 A.5.18 A.8.2",
    "others-can-delete-log": "AU-9 AC-6 A.8.15",
    "key-use-not-recorded": _LOGGED,
    "log-gap": f"{_LOGGED} AU-11",
    "others-did-unwrap": "AC-3 AC-6 AU-6 A.5.18 A.8.3 A.8.16",
    "account-was-refused": "AU-6 A.8.16",
    "others-were-refused": "AU-6 A.8.16",
    "drill-failed": "SC-12 A.8.24",
    "same-region": "",
    "same-tenant": "SC-12 A.8.24",
    "soft-delete": f"3.3.5 {_KEY_LOST}",
    "purge-protection": f"3.3.5 {_KEY_LOST}",
    "trusted-services": _KEY_LOST,
    "key-type": "SC-13 A.8.24",
    "key-operations": _KEY_LOST,
    "key-usable": _KEY_LOST,
    "tier": "SC-12 SC-28 A.8.24",
    "outbound": _KEY_LOST,
}
_BY_ID: Final = {id: Control(name, id, title) for name, held in _TITLES.items() for id, title in held.items()}
CONTROLS: Final[Mapping[str, tuple[Control, ...]]] = {
    rule: tuple(_BY_ID[id] for id in ids.split()) for rule, ids in _BEARS.items()
}
"""The controls that each rule of the findings bears on; none where a rule is the service's own demand and
no framework's."""
