"""Every translated error, from the text that the service really sent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from core.refusals import RefusalKind
from provider.errors import _DEPLOYER, ROWS, ErrorContext, translate
from provider.failure import NOT_SENT, ServiceError

CONTEXT = ErrorContext("VAULT-ID", "contoso-keys", "language-key", "PRINCIPAL")
HSM = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/managedHSMs"
CASES = [
    (by, ServiceError(status, code, case["text"], "changing", inner, "corr-1"), *case["is"])
    for by, cases in yaml.safe_load(Path(__file__).with_name("answers.yaml").read_text("utf-8")).items()
    for case in cases
    for status, code, inner in [case["answer"]]
]


@pytest.mark.parametrize(("by", "failure", "kind", "cause", "fix"), CASES)
def test_a_known_answer_is_explained(by: str, failure: ServiceError, kind: str, cause: str, fix: str) -> None:
    """Cause and fix come first; the service's code, text and correlation id stay in the message. A rotation
    asks the vault as the deployer: no command of the fix is about the account's identity then."""
    vault = f"{HSM}/contoso-keys" if "managedHsm" in failure.text else CONTEXT.vault_id
    message = translate(failure, replace(CONTEXT, by_deployer=by == "deployer", vault_id=vault))
    assert cause in message.partition("\n")[0]
    assert fix in message
    for kept in (failure.code, failure.inner_code, failure.text, "corr-1", "changing"):
        assert kept in message
    assert by == "service" or "PRINCIPAL" not in message
    assert failure.kind is RefusalKind[kind]


def test_every_row_of_the_table_is_reached() -> None:
    """No row is hidden by one before it: each is what some real text finds first."""
    service = [failure for by, failure, *_ in CASES if by == "service"]
    assert {row.cause for row in ROWS} == {translate(one, CONTEXT).partition("\n")[0] for one in service}
    assert len(_DEPLOYER) == len(CASES) - len(service)


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        # Nothing is invented about an answer that nobody knows, and nothing is taken from it.
        (
            ServiceError(418, "Teapot", "short\nand stout", "pouring", "Tea", "corr-2"),
            "pouring: Azure answered 418 Teapot (Tea): short\nand stout [correlation id corr-2]",
        ),
        (
            ServiceError(0, "ServiceRequestError", "refused", "reading"),
            "reading: no answer (ServiceRequestError: refused)",
        ),
        # A request that the provider held back, since its host is not the cloud's, is no answer.
        (
            ServiceError(NOT_SENT, "ForeignHostError", "https://x is no endpoint", "polling"),
            "polling: not sent: https://x is no endpoint",
        ),
    ],
)
def test_what_has_no_row_passes_through_whole(failure: ServiceError, message: str) -> None:
    """An unknown answer and what was never sent, which are final, and none at all, which is not."""
    assert translate(failure) == message
    assert (failure.kind is RefusalKind.FINAL) == (failure.status != 0)
