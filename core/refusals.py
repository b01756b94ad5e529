"""What Azure's refusals mean: retry, wait for another change, wait until access takes effect, or give up.

Owns the codes and texts that distinguish them; refusal_codes.json has the codes, with their sources. Does not
own the messages about them.
"""

import json
import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final


class RefusalKind(Enum):
    """What to do about a refusal.

    TRANSIENT: retry a few times; what happened is unknown. THROTTLED: retry when Azure says so. BUSY: another
    change of the resource is under way; wait. PROPAGATING: access was granted and is not yet in effect
    everywhere. UNKNOWN: the refusal is not listed here; after a preflight that found nothing wrong, it may be
    access that is not yet in effect (assumed). FINAL: a retry does not help."""

    TRANSIENT = "transient"
    THROTTLED = "throttled"
    BUSY = "busy"
    PROPAGATING = "propagating"
    UNKNOWN = "unknown"
    FINAL = "final"


ENDED: Final = frozenset({"succeeded", "failed", "canceled", "cancelled"})
"""The states, lower case, in which an operation of Azure is over."""
SECOND_LOOK_SECONDS: Final = 2.0
"""Seconds after which a contradictory answer is checked: a front end may be behind (assumed)."""
UNKNOWN_REFUSAL_SECONDS: Final = 300.0
"""How long an UNKNOWN refusal of a key may be taken for access that does not count yet: half of what Azure
documents for a role assignment is enough to tell most delays from a mistake (assumed)."""

_FILE: Final = Path(__file__).with_name("refusal_codes.json")
_CODES: Final = {
    kind: frozenset(code for codes in by_reason.values() for code in codes)
    for kind, by_reason in json.loads(_FILE.read_text(encoding="utf-8"))["codes"].items()
}
_BUSY: Final = re.compile(r"in state (accepted|creating|updating)", re.IGNORECASE)
KEY_REFUSED: Final = "KeyVaultProperties is invalid"
"""What the service says of a key that it cannot use, whatever the reason."""
NEEDS_DATA_ROLE: Final = "name=KeyVault/ManagementPlane"
"""What Resource Manager says of a key that it may not read for the deploying principal."""
NOT_TRUSTED: Final = (
    "the vault's network does not let the service in. Its exception for trusted Microsoft services does not "
    "help if Key Vault does not count the service among them: Key Vault's list names no Azure AI services"
)
OR_OPEN: Final = (
    " with network.access `selected` (`az network list-service-tags --location REGION` has them all, as "
    "CognitiveServicesManagement), or set network.access: open"
)
OPENING: Final = "--default-action Allow --public-network-access Enabled"
"""What a user is told where a vault keeps the service out: the cause; the ways out by settings, after "list
its addresses in network.allowedIpRanges"; the options of az that open a vault."""
NO_POLICY: Final = (
    r"AccessPolicyNotConfiguredForKeyVault|KeyVaultAuthenticationFailure|ForbiddenByPolicy"
    r"|does not have keys \w+ permission"
)
"""How the service, or the vault, says that the account's identity lacks access; as a pattern."""
POLICIES_ONLY: Final = (
    "the account's identity could not use the key, whose vault is under Azure RBAC: its role does not count "
    "yet, or the service takes keys only from vaults with access policies, as some of its pages say"
)
TO_POLICIES: Final = (
    "if its role is older than ten minutes, set accessModel: accessPolicy. A vault that is made here then "
    "goes by access policies, and the roles that others have on its data stop counting; one that is not made "
    "here is changed first, by whoever knows its other users, with `az keyvault update --name {vault_name} "
    "--enable-rbac-authorization false{subscription}`"
)
"""What a user is told where the service does not take a key of a vault under Azure RBAC: the cause, and the
way out."""
_PROPAGATING: Final = re.compile(
    KEY_REFUSED + r"|does not have keys \w+ permission"
    r"|Caller is not authorized to perform action on resource"
    r"|Not authorized to access Microsoft\.KeyVault/managedHsm/"
    r"|(?:un)?able to access .{0,40}key"
    r"|principal .{0,60}does not exist in the directory",
    re.IGNORECASE,
)
_PARALLEL_WRITE: Final = re.compile(r"a conflict occurred", re.IGNORECASE)
_FIREWALL: Final = re.compile(
    r"public network access is disabled|firewall|client address is not authorized", re.IGNORECASE
)
_FINAL: Final = re.compile(
    r"not allowed on a disabled key|encryption key must be recoverable and not purgeable"
    r"|subdomain name '[^']*' is not available|cannot create already existing resource",
    re.IGNORECASE,
)
# How a status, and the code after it, are told: by azure-native; by Azure's SDK for Go, where azure-native
# passes its words on; by azure-native about a resource that is yet to be made; by azure-cmk.
_FORMS: Final = (
    re.compile(r'Status=(?P<status>\d{3}) (?:Code="(?P<code>[^"]*)" )?Message="'),
    re.compile(r"RESPONSE (?P<status>\d{3})\b[^\n]*(?:\nERROR CODE: (?P<code>\S+))?"),
    re.compile(r'status code (?P<status>\d{3})\b(?:.*?"code": ?"(?P<code>[^"]*)")?', re.DOTALL),
    re.compile(r"Azure answered (?P<status>\d{3}) (?P<code>[^\s:]*)"),
)
# The engine words so the failure of a resource that it keeps in the state.
_KEPT: Final = re.compile(r"\d+ errors? occurred:\s")
_UNREAD: Final = "resource created but read failed "


def is_parallel_write(code: str, text: str) -> bool:
    """Whether a vault refuses a write because another write of the vault is under way, which ends by itself.
    The same code for a name that a deleted vault holds does not end by itself."""
    return code.lower() == "conflicterror" and _PARALLEL_WRITE.search(text) is not None


def kind(status: int, code: str, text: str, inner_code: str = "") -> RefusalKind:
    """The kind of a refusal. `status` is 0 without an answer, 200 for an operation that failed later."""
    codes = {code.lower(), inner_code.lower()}
    if status == 429:
        return RefusalKind.THROTTLED
    if status in (0, 408) or status >= 500:
        return RefusalKind.TRANSIENT
    if is_parallel_write(code, text):
        return RefusalKind.BUSY
    if codes & _CODES["final"] or _FINAL.search(text) or is_firewall(code, text, inner_code):
        return RefusalKind.FINAL
    if codes & _CODES["busy"] or _BUSY.search(text) or status in (409, 412):
        return RefusalKind.BUSY
    # A 403 that is not about the deploying principal is about the identity that uses the key, and passes when
    # its access has reached every front end of the vault.
    if codes & _CODES["propagating"] or _PROPAGATING.search(text) or status == 403:
        return RefusalKind.PROPAGATING
    if status in (200, 400, 422):
        return RefusalKind.UNKNOWN
    return RefusalKind.FINAL


def is_firewall(code: str, text: str, inner_code: str = "") -> bool:
    """Whether an answer means that a firewall does not let the caller's machine in."""
    codes = {code.lower(), inner_code.lower()}
    return bool(codes & _CODES["firewall"]) or _FIREWALL.search(text) is not None


def is_forbidden(status: int, code: str, text: str, inner_code: str = "") -> bool:
    """Whether an answer to a read means "you may not read this"."""
    return status == 403 or (
        status == 400
        and ("forbiddenbyrbac" in {code.lower(), inner_code.lower()} or "ForbiddenByRbac" in text)
    )


@dataclass(frozen=True)
class PluginRefusal:
    """A refusal of Azure's as a provider words it; `code` is "" where Azure gave none."""

    status: int
    code: str


def plugin_refusal(text: str) -> PluginRefusal | None:
    """The refusal that an error of azure-native or azure-cmk tells; None where Azure gave no answer.
    tests/support/plugin_texts.py has every form. Where azure-native could not read what it wrote, its text
    begins with that answer."""
    told = [match for form in _FORMS for match in form.finditer(text)]
    if not told:
        return None
    chosen = max if _UNREAD in text else min
    found = chosen(told, key=lambda match: match.start())
    return PluginRefusal(int(found["status"]), found["code"] or "")


def kind_of_text(text: str) -> RefusalKind:
    """The kind of a refusal as azure-native words it, such as an `on_error` hook is given. A text without a
    status is FINAL unless it has words of access that does not count yet."""
    if refusal := plugin_refusal(text):
        return kind(refusal.status, refusal.code, text)
    if _PROPAGATING.search(text) and not _FINAL.search(text) and not _FIREWALL.search(text):
        return RefusalKind.PROPAGATING
    return RefusalKind.FINAL


def is_busy_text(text: str) -> bool:
    """Whether a refusal, as azure-native words it, names another change that is under way. The code
    `Conflict` does not: Azure gives it for a name that is held, too."""
    refusal = plugin_refusal(text)
    if refusal is None or kind(refusal.status, refusal.code, text) is not RefusalKind.BUSY:
        return False
    named = refusal.code.lower() in _CODES["busy"] - {"conflict"} or _BUSY.search(text) is not None
    return named or is_parallel_write(refusal.code, text)


def is_failed_operation(text: str) -> bool:
    """Whether Azure accepted a write that then failed, or whose end was not seen, in the words of
    azure-native or of the engine: the resource exists, and the state has it."""
    refusal = plugin_refusal(text)
    return _KEPT.match(text) is not None or (refusal is not None and 200 <= refusal.status < 300)
