"""A preview is a promise: whenever it passes, the update that follows it does, too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from components.arguments.problem import InputError
from components.preflight.run import RefusedError
from tests.components.guards.first_deployments import ROWS, FirstDeployment
from tests.components.guards.test_planned import MODES
from tests.support.local_deployment import Deployment
from tests.support.recording import service_inputs

# A private network needs one; the rest can be combined.
ARGS = [args for name, args in MODES.items() if name != "private"]
STATES = st.lists(st.sampled_from(ROWS), max_size=2, unique_by=lambda row: row.name)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(states=STATES, modes=st.lists(st.sampled_from(ARGS), max_size=2), fixed=st.booleans())
def test_whenever_a_preview_passes_so_does_the_update(
    states: Sequence[FirstDeployment], modes: Sequence[dict[str, Any]], *, fixed: bool
) -> None:
    """Clouds that combine what fails first deployments, with any mode and with the fixes of some."""
    deployment = Deployment()
    args: dict[str, Any] = {}
    for mode in modes:
        args |= mode
    for row in states:
        args |= row.arguments_after if fixed else row.args
    try:
        for row in states:
            row.cloud(deployment)
    except (AssertionError, KeyError):
        assume(False)
    try:
        service_inputs("claims", **args)
    except InputError:
        assume(False)  # two modes contradict each other
    try:
        deployment.preview({"claims": args})
    except RefusedError:
        return
    if any(text.startswith("not checked") for text in deployment.warnings):
        return  # it is told, and promises nothing
    deployment.up({"claims": args})
