"""What is asked of the cloud, and the refusals that it may answer with.

Owns: the questions, with the api-version of each. Does not own: how they get there (live.py), nor what the
answers mean (read.py).
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from operate.errors import OperateError

Json = Mapping[str, Any]

# The newest versions of the published API definitions that this project knows; each is read-only here.
SUBSCRIPTIONS = "2022-12-01"
ACCOUNTS = "2024-10-01"
VAULTS = "2023-07-01"
ASSIGNMENTS = "2022-04-01"
DEFINITIONS = "2022-04-01"
DIAGNOSTICS = "2021-05-01-preview"
WORKSPACES = "2022-10-01"
LOCKS = "2020-05-01"
IDENTITIES = "2023-01-31"
EXEMPTIONS = "2022-07-01-preview"

KEY_USE = """AzureDiagnostics
| where ResourceProvider == "MICROSOFT.KEYVAULT" and Category == "AuditEvent"
| where ResourceId =~ "{vault_id}"
| where OperationName in ("KeyWrap", "KeyUnwrap", "KeyEncrypt", "KeyDecrypt")
| summarize uses = count(), first = min(TimeGenerated), last = max(TimeGenerated)
    by day = bin(TimeGenerated, 1d), identity = tostring(column_ifexists("{identity}", "")),
    operation = OperationName, key = tostring(column_ifexists("id_s", "")),
    refused = column_ifexists("httpStatusCode_d", 0.0) >= 400
| order by day asc, identity asc, operation asc, key asc, refused asc"""
_IDENTITY = "identity_claim_http_schemas_microsoft_com_identity_claims_objectidentifier_g"


def key_use(vault_id: str) -> str:
    """The one query on the audit log: uses of a vault's keys by day, identity, operation and key version.

    A column that no record has had yet does not exist, so that it is asked for with column_ifexists.
    Source: azure/key-vault/general/logging, the table AzureDiagnostics.
    """
    return KEY_USE.format(vault_id=vault_id, identity=_IDENTITY)


NO_VAULT = "no subscription that this login sees has a vault"
"""How the reason begins where a vault was looked for in vain: it may be deleted, or out of sight."""
_ACCOUNT = re.compile(
    r"/subscriptions/[^/?#\s]+/resourceGroups/[^/?#\s]+/providers/Microsoft\.CognitiveServices/accounts/[^/?#\s]+",
    re.IGNORECASE,
)


def account_id(text: str) -> str:
    """An account's ARM id as somebody typed it. Raises ArgumentTypeError for anything else."""
    found = text.strip().rstrip("/")
    if _ACCOUNT.fullmatch(found) is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not the ARM id of an account; expected /subscriptions/…/resourceGroups/…/providers/"
            "Microsoft.CognitiveServices/accounts/…"
        )
    return found


class UnansweredError(OperateError):
    """A question that was not answered; the message is why, in one line."""

    def __init__(self, status: int | None, why: str) -> None:
        super().__init__(" ".join(why.split()))
        self.status = status


class Azure(Protocol):
    """The live cloud. Every method raises UnansweredError."""

    def get(self, path: str, api_version: str) -> Json:
        """One resource of ARM."""
        ...

    def list(self, path: str, api_version: str) -> Sequence[Json]:
        """All pages of a list of ARM."""
        ...

    def query(
        self, customer_id: str, text: str, since: datetime, until: datetime
    ) -> Sequence[Mapping[str, Any]]:
        """The rows of a workspace's answer to a query, by column."""
        ...

    def deleted_keys(self, vault_uri: str) -> Sequence[Json]:
        """The soft-deleted keys of a vault: name, deletedDate, scheduledPurgeDate."""
        ...
