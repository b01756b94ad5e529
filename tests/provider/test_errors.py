"""Every translated error, from the text that the service really sent."""

from __future__ import annotations

import ast
import builtins
import re
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


def test_an_unknown_answer_passes_through_whole() -> None:
    """Nothing is invented about an answer that nobody knows, and nothing is taken from it."""
    failure = ServiceError(418, "Teapot", "short\nand stout", "pouring", "Tea", "corr-2")
    assert translate(failure) == (
        "pouring: Azure answered 418 Teapot (Tea): short\nand stout [correlation id corr-2]"
    )


def test_no_answer_says_so() -> None:
    """A lost connection is reported as what it is."""
    assert translate(ServiceError(0, "ServiceRequestError", "refused", "reading")) == (
        "reading: no answer (ServiceRequestError: refused)"
    )


def test_what_was_never_sent_is_not_called_an_answer() -> None:
    """A request that the provider held back, since its host is not the cloud's, is final and says so."""
    failure = ServiceError(NOT_SENT, "ForeignHostError", "https://x is no endpoint", "polling")
    assert translate(failure) == "polling: not sent: https://x is no endpoint"
    assert failure.kind is RefusalKind.FINAL


def test_a_docstring_names_errors_that_exist() -> None:
    """What is said to be raised can be caught: it is defined here, in core, or by Python."""
    modules = {
        path: ast.parse(path.read_text(encoding="utf-8"))
        for folder in ("core", "provider")
        for path in (Path(__file__).parents[2] / folder).rglob("*.py")
    }
    defined = {
        node.name for tree in modules.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
    }
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    named = {
        (path.name, name)
        for path, tree in modules.items()
        for node in ast.walk(tree)
        if isinstance(node, kinds)
        for raised in re.findall(r"Raises ((?:\w+Error(?:, | and )?)+)", ast.get_docstring(node) or "")
        for name in re.findall(r"\w+", raised)
        if name != "and"
    }
    assert {
        (path, name) for path, name in named if name not in defined and not hasattr(builtins, name)
    } == set()
