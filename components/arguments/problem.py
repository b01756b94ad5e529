"""The error for arguments of a component that are wrong."""

from collections.abc import Sequence

import pulumi

from core.service.problem import Problem


class InputError(pulumi.InputPropertiesError, pulumi.RunError, ValueError):
    """The arguments of a component are wrong. The message names every problem; nothing was registered.

    For a Python program this is a RunError, which Pulumi reports without a traceback; for a component that
    another language uses it is Pulumi's own error for wrong inputs.
    """

    def __init__(self, component: str, name: str, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = "1 argument is" if len(problems) == 1 else f"{len(problems)} arguments are"
        lines = [f"{component} {name!r}: {count} wrong; nothing of it was made or changed:"]
        lines += [f"  {problem.path}: {problem.text}" for problem in problems]
        super().__init__(
            "\n".join(lines),
            [{"property_path": problem.path, "reason": problem.text} for problem in problems],
        )
