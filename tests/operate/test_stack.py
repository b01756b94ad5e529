"""How a stack's outputs are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from operate.errors import OperateError
from operate.stack import StackError, services
from operate.stack_file import stack_file

ONE, TWO = {"accountId": "/a"}, {"accountId": "/b"}


def test_a_stack_has_one_service_or_several() -> None:
    """The only service needs no name, and may be asked for by it; of several each has its name. Stacks that
    were deployed before have the outputs of a single one at the top."""
    assert services({"services": {"x": ONE}, **ONE}) == {"": ONE}
    assert services({"services": {"x": ONE}, **ONE}, "x") == {"x": ONE}
    assert services(ONE) == {"": ONE}
    assert services({"services": {"x": ONE, "y": TWO}}) == {"x": ONE, "y": TWO}
    assert services({"services": {"x": ONE, "y": TWO}}, "y") == {"y": TWO}


def test_fails_for_a_service_that_the_stack_has_not() -> None:
    """The message lists those it has."""
    with pytest.raises(StackError, match="no service 'z'; it has 'x', 'y'"):
        services({"services": {"x": ONE, "y": TWO}}, "z")


def test_a_tab_in_a_stacks_file_is_shown_in_its_line(tmp_path: Path) -> None:
    """YAML takes none there: the message has the file, the line and the text."""
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text("config:\n\ta: b\n")
    with pytest.raises(
        OperateError, match=r"(?s)Pulumi\.dev\.yaml cannot be read: .* at line 2, column 1.*a: b"
    ):
        stack_file(path)
