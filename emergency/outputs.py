"""A stack's outputs, from Pulumi or from a file that was written before."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emergency.target import NoTargetError


def stack_outputs(stack: str, file: str | None = None) -> Mapping[str, Any]:
    """The outputs of a stack, or those in `file`. Raises NoTargetError where they cannot be had."""
    if file:
        try:
            loaded: Mapping[str, Any] = json.loads(Path(file).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise NoTargetError(f"{file} cannot be used: {error}") from error
        return loaded
    try:
        printed = subprocess.run(
            ["pulumi", "stack", "output", "--json", "--stack", stack],  # noqa: S607 - the CLI is the one on PATH
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise NoTargetError(
            'the Pulumi CLI is not on PATH: run `eval "$(make -s env)"` first, or name a file with the '
            "outputs with --outputs"
        ) from error
    if printed.returncode != 0:
        raise NoTargetError(f"Pulumi does not tell the outputs of stack {stack}; name a file with --outputs")
    found: Mapping[str, Any] = json.loads(printed.stdout)
    return found


def chosen(outputs: Mapping[str, Any], service: str | None) -> Mapping[str, Mapping[str, Any]]:
    """The outputs of each service by its name, or of the one that is named. Raises NoTargetError for another
    name."""
    services: Mapping[str, Mapping[str, Any]] = outputs.get("services") or {"": outputs}
    if service is None:
        return services
    if service not in services:
        raise NoTargetError(f"the stack has no service {service!r}; it has {', '.join(services)}")
    return {service: services[service]}
