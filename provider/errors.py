"""Azure's answers in the user's words: cause, fix, and the service's own words, with its code and trace.

An answer that no row of `error_table` knows passes through whole.
"""

from __future__ import annotations

import re

from provider.error_table import DEPLOYER_ROWS, RBAC_ROWS, ROWS, ErrorContext, ErrorRow
from provider.failure import NOT_SENT, ServiceError

_NOTHING_KNOWN = ErrorContext()


def translate(failure: ServiceError, context: ErrorContext = _NOTHING_KNOWN) -> str:
    """The failure for a person: cause, fix, then the service's answer with its code and correlation id."""
    of_account = RBAC_ROWS if context.untried_rbac else ROWS
    found = _row(failure, DEPLOYER_ROWS if context.by_deployer else of_account)
    if found is None:
        return service_message(failure)
    row, match = found
    fix = row.fix.format(**context.fields, **match.groupdict())
    return f"{row.cause}\n  fix: {fix}\n  {service_message(failure)}"


def is_known(failure: ServiceError) -> bool:
    """Whether a row explains the failure."""
    return _row(failure, ROWS) is not None


def service_message(failure: ServiceError) -> str:
    """The service's own answer, whole."""
    doing = f"{failure.doing}: " if failure.doing else ""
    if failure.status == NOT_SENT:
        return f"{doing}not sent: {failure.text}"
    if not failure.status:
        return f"{doing}no answer ({failure.code}: {failure.text})"
    inner = f" ({failure.inner_code})" if failure.inner_code else ""
    trace = f" [correlation id {failure.correlation_id}]" if failure.correlation_id else ""
    return f"{doing}Azure answered {failure.status} {failure.code}{inner}: {failure.text}{trace}"


def _row(failure: ServiceError, rows: tuple[ErrorRow, ...]) -> tuple[ErrorRow, re.Match[str]] | None:
    haystack = f"{failure.code} {failure.inner_code} {failure.text}"
    for row in rows:
        if row.statuses and failure.status not in row.statuses:
            continue
        if match := re.search(row.pattern, haystack, re.IGNORECASE | re.DOTALL):
            return row, match
    return None
