"""Azure's answers in the user's words: cause, fix, and the service's own words, with its code and trace.

An answer that no row of `error_table` knows passes through whole.
"""

from __future__ import annotations

import re

from provider.error_row import About
from provider.error_table import ROWS
from provider.failure import NOT_SENT, ServiceError
from provider.vault_errors import VAULT_ROWS

_NOTHING_KNOWN = About()


def translate(failure: ServiceError, about: About = _NOTHING_KNOWN) -> str:
    """The failure for a person: cause, fix, then the service's answer with its code and correlation id."""
    haystack = f"{failure.code} {failure.inner_code} {failure.text}"
    for row in (*VAULT_ROWS, *ROWS) if about.deployer_asks_vault else ROWS:
        if row.statuses and failure.status not in row.statuses:
            continue
        if found := re.search(row.pattern, haystack, re.IGNORECASE | re.DOTALL):
            fix = row.fix if isinstance(row.fix, str) else row.fix(about, found)
            fix = fix.replace("ACCOUNT_ID", about.account_id)
            return f"{row.cause}\n  fix: {fix}\n  {said(failure)}"
    return said(failure)


def said(failure: ServiceError) -> str:
    """The service's own answer, whole."""
    doing = f"{failure.doing}: " if failure.doing else ""
    if failure.status == NOT_SENT:
        return f"{doing}not sent: {failure.text}"
    if not failure.status:
        return f"{doing}no answer ({failure.code}: {failure.text})"
    inner = f" ({failure.inner_code})" if failure.inner_code else ""
    trace = f" [correlation id {failure.correlation_id}]" if failure.correlation_id else ""
    return f"{doing}Azure answered {failure.status} {failure.code}{inner}: {failure.text}{trace}"
