"""Many stacks of one service each, in one checkout on a local Azure."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

import yaml

from operate.__main__ import main
from tests.support.stack import Run, Stack, done

QUIET = {"parallel": {"stacks": 2}}


class FleetCheckout:
    """A checkout with a stack for each name, none of it deployed, and a fleet.yaml over all of them.

    `own` are settings of single stacks over those of the repository's `dev`, by full keys; `warm` as for a
    stack.
    """

    def __init__(
        self,
        folder: Path,
        cloud: Mapping[str, str],
        names: Sequence[str],
        fleet: Mapping[str, Any],
        own: Mapping[str, Mapping[str, Any]] | None = None,
        *,
        warm: bool = True,
    ) -> None:
        self.stack = Stack(folder, cloud, name=names[0], warm=warm)
        self.folder, self.names = folder, tuple(names)
        document = self.stack.config()
        for name in names:
            config = {**document["config"], "language-cmk:name": f"fleet-{name}", **(own or {}).get(name, {})}
            self.file(name).write_text(yaml.safe_dump({**document, "config": config}))
            if name != names[0]:
                done(self.stack.pulumi("stack", "init", name))
        (self.folder / "fleet.yaml").write_text(yaml.safe_dump({"stacks": ["*"], **fleet}))

    def file(self, name: str) -> Path:
        """A stack's own file."""
        return self.folder / f"Pulumi.{name}.yaml"

    def configure(self, name: str, **settings: Any) -> None:
        """Sets settings in a stack's own file."""
        document = yaml.safe_load(self.file(name).read_text())
        document["config"] |= {f"language-cmk:{key}": value for key, value in settings.items()}
        self.file(name).write_text(yaml.safe_dump(document))

    def run(self, *words: str) -> Run:
        """`python -m operate fleet WORDS`, in this process."""
        said = StringIO()
        with (
            mock.patch.dict(os.environ, self.stack.env, clear=True),
            chdir(self.folder),
            redirect_stdout(said),
            redirect_stderr(said),
        ):
            code = main(["fleet", *words])
        return Run(code, said.getvalue())

    def start(self, *words: str) -> subprocess.Popen[str]:
        """The same as a process of its own, begun and not waited for; it leads a process group."""
        return subprocess.Popen(
            [str(self.folder / ".venv" / "bin" / "python"), "-m", "operate", "fleet", *words],
            cwd=self.folder,
            env=self.stack.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def outcomes(self, action: str) -> dict[str, dict[str, Any]]:
        """What the last run of an action left of each stack that it began."""
        report = json.loads((self.folder / ".fleet" / action / "report.json").read_text())
        return {one["stack"]: one for one in report["stacks"] if one["reason"] != "not run"}

    def lead_on(self) -> None:
        """Does what the report says of each stack whose update was cut off: it lifts the lock, and takes in
        what the state lacks."""
        for name, one in self.outcomes("up").items():
            commands = re.findall(r"`(pulumi cancel [^`]+|[^`]+ -m operate recover [^`]+)`", one["reason"])
            for command in commands:
                words = [*shlex.split(command), *(["--yes"] if "recover" in command else [])]
                done = subprocess.run(
                    words, cwd=self.folder, env=self.stack.env, capture_output=True, check=False
                )
                # 255: there is no lock. 1: whether something exists is known once `up` has gone on.
                assert done.returncode in {0, 1, 255}, (name, command, done.stdout, done.stderr)

    def outputs(self, name: str) -> dict[str, Any]:
        """A stack's outputs."""
        read = done(self.stack.pulumi("stack", "output", "--json", "--stack", name))
        found: dict[str, Any] = json.loads(read.output)
        return found
