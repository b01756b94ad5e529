"""The matrix: each kind of change, in each kind of stack, has the verdicts that a reviewer needs."""

import pytest

from core.verdicts import Name
from tests.review.changes import ROWS, Row, in_policies, revokes
from tests.review.scenes import OTHER, STACKS, Scene


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_change_has_its_verdicts(row: Row, stack: str) -> None:
    """Applied to a recorded preview in which nothing changes."""
    scene = Scene(stack)
    row.change(scene)
    assert scene.verdicts() == row.expected(stack)


def test_the_matrix_has_every_verdict_and_120_kinds_of_change() -> None:
    """What no row leads to would be a verdict that nobody has seen; each row's name stands once."""
    assert len({row.name for row in ROWS}) == len(ROWS) >= 120
    reached = {name for row in ROWS for stack in STACKS for name in row.expected(stack)}
    assert set(Name) - reached <= {Name.CHANGED}


@pytest.mark.parametrize("part", ["principalId", "keyId"])
def test_a_revocation_of_another_identity_or_key_is_not_the_accounts(part: str) -> None:
    """Its verdict stands with the revocation: the account keeps its access."""
    scene = Scene(next(iter(STACKS)))
    in_policies(revokes(**{part: {"principalId": OTHER, "keyId": f"{scene.vault_id}/keys/another"}[part]}))(
        scene
    )
    assert [row.noun for row in scene.review().rows] == ["revocation of access"]
