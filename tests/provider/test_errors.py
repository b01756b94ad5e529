"""Every translated error, from the text that the service really sent."""

from __future__ import annotations

import ast
import builtins
import re
from dataclasses import replace
from pathlib import Path

import pytest

from core.refusals import RefusalKind
from provider.error_table import _DEPLOYER, ROWS, ErrorContext
from provider.errors import translate
from provider.failure import NOT_SENT, ServiceError
from tests.provider import arm_error_cases, key_error_cases
from tests.provider.key_error_cases import Case

CASES = (*key_error_cases.CASES, *arm_error_cases.CASES)
CONTEXT = ErrorContext("ACC-ID", "VAULT-ID", "contoso-keys", "language-key", "PRINCIPAL")


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[1]}-{case[2]}-{case[5][:20]}")
def test_a_known_answer_is_explained(case: Case) -> None:
    """Cause and fix come first; the service's code, text and correlation id stay in the message."""
    status, code, inner, text, kind, cause, fix = case
    failure = ServiceError(status, code, text, "binding", inner, "corr-1")
    message = translate(failure, CONTEXT)
    assert cause in message.partition("\n")[0]
    assert fix in message
    for kept in (code, inner, text, "corr-1", "binding"):
        assert kept in message
    assert failure.kind is kind


@pytest.mark.parametrize("case", key_error_cases.DEPLOYER_CASES, ids=lambda case: case[2])
def test_what_a_vault_refuses_to_the_deployer_is_explained_as_that(case: Case) -> None:
    """A rotation asks the vault as the deployer: no command of the fix is about the account's identity."""
    status, code, inner, text, kind, cause, fix = case
    failure = ServiceError(status, code, text, "rotating", inner, "corr-1")
    message = translate(failure, replace(CONTEXT, by_deployer=True))
    assert cause in message.partition("\n")[0]
    assert fix in message
    assert "PRINCIPAL" not in message
    assert text in message
    assert failure.kind is kind


def test_every_row_of_the_table_is_reached() -> None:
    """No row is hidden by one before it: each is what some real text finds first."""
    reached = {
        translate(ServiceError(s, c, t, "", i), CONTEXT).partition("\n")[0] for s, c, i, t, *_ in CASES
    }
    assert {row.cause for row in ROWS} == reached
    assert len(_DEPLOYER) == len(key_error_cases.DEPLOYER_CASES)


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
