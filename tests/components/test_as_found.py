"""Parts of what was adopted that stay as they were found."""

from __future__ import annotations

import pytest

from components.as_found import AS_FOUND
from tests.support.recording import RecordingMonitor, service


def ignored(monitor: RecordingMonitor, type: str) -> set[str]:
    return set(monitor.one(type).request.ignoreChanges)


@pytest.mark.parametrize(
    ("word", "type", "path"),
    [
        ("access", ":AccessPolicy", "policy.permissions"),
        ("identity", ":Account", "identity"),
        ("network", ":Account", "properties.networkAcls"),
        ("tags", ":Account", "tags"),
        ("vault", ":Vault", "properties"),
    ],
)
def test_a_word_leaves_its_part_alone(word: str, type: str, path: str) -> None:
    """The part is not written, and nothing else changes: what is ignored anyway stays ignored."""
    assert path not in ignored(service(), type)
    assert ignored(service(as_found=[word]), type) >= {path} | ignored(service(), type)


def test_a_role_assignment_keeps_the_name_and_scope_it_was_made_with() -> None:
    """Its name is a part of its id, so that another would replace it."""
    found = ignored(service(as_found=["access"], access_model="rbac"), ":RoleAssignment")
    assert {"roleAssignmentName", "scope"} <= found


def test_what_protects_the_data_is_never_left_as_found() -> None:
    """With every word there is, the account's login and its binding are still declared."""
    monitor = service(as_found=list(AS_FOUND))
    assert not {p for p in ignored(monitor, ":Account") if "disableLocalAuth" in p or p == "properties"}
    assert ignored(monitor, ":CustomerManagedKey") == set()
