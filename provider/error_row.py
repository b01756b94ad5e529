"""What one known answer of Azure is made of: how it is recognised, its cause and its fix."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class About:
    """What a call was about, for the commands in a fix; a field nobody knows keeps its placeholder.

    `deployer_asks_vault`: what a vault refuses is refused to the deploying principal, not to the account.
    """

    account_id: str = "ACCOUNT_ID"
    vault_id: str = "VAULT_ID"
    vault_name: str = "VAULT"
    key_name: str = "KEY"
    principal_id: str = "PRINCIPAL_ID"
    deployer_asks_vault: bool = False


@dataclass(frozen=True)
class Row:
    """An answer that is known: `pattern` is looked for in `code inner_code text`, without regard to case."""

    pattern: str
    cause: str
    fix: Callable[[About, re.Match[str]], str] | str
    source: str
    statuses: tuple[int, ...] = ()
