"""Stands for Pulumi's own hosts of Python, Node.js and Go, which come with the official CLI only.

`python host.py LANGUAGE GENERATOR --launcher FILE ENGINE`. Owns: what those hosts do for a program that uses
a package: generate its SDK, install what the program needs, run it, as their public source has it
(pulumi/pulumi, sdk/{python,nodejs,go}/cmd/pulumi-language-*). Does not own: plugins in Python, which our own
host starts.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
import grpc
from pulumi.runtime.proto import language_pb2 as pb

from hosts import language_host
from hosts.language_host import LanguageHost

LANGUAGE, GENERATOR = sys.argv[1:3]
_INSTALL = {
    "nodejs": ("npm", "install", "--no-audit", "--no-fund"),
    "go": ("go", "mod", "download"),
}
_BAIL = 32


class OfficialHost(LanguageHost):
    """The calls that our own host answers otherwise."""

    def GeneratePackage(self, request: Any, context: Any) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            schema = Path(folder, "schema.json")
            schema.write_text(request.schema)
            self._do(context, GENERATOR, str(schema), folder)
            shutil.copytree(Path(folder, LANGUAGE), request.directory, dirs_exist_ok=True)
        return pb.GeneratePackageResponse()

    def Link(self, request: Any, context: Any) -> Any:
        # The examples name their SDKs already.
        return pb.LinkResponse()

    def InstallDependencies(self, request: Any, context: Any) -> Iterator[Any]:
        folder = Path(request.info.program_directory or request.directory)
        if LANGUAGE != "python":
            self._do(context, *_INSTALL[LANGUAGE], cwd=folder)
        elif not request.is_plugin and (folder / "requirements.txt").exists():
            yield from self._install(request)

    def Run(self, request: Any, context: Any) -> Any:
        if LANGUAGE == "python":
            return super().Run(request, context)
        environ = {
            **os.environ,
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        folder = request.info.program_directory
        given = {
            "monitor": request.monitor_address,
            "engine": self._engine,
            "organization": request.organization,
            "project": request.project,
            "stack": request.stack,
            "parallel": str(request.parallel),
        }
        if LANGUAGE == "go":
            program = Path(folder, ".built")
            self._do(context, "go", "build", "-o", str(program), ".", cwd=folder)
            command = [str(program)]
            environ |= {f"PULUMI_{name.upper()}": value for name, value in given.items()}
            environ["PULUMI_DRY_RUN"] = "true" if request.dryRun else "false"
        else:
            options = [word for name, value in given.items() for word in (f"--{name}", value)]
            dry_run = ["--dry-run"] if request.dryRun else []
            runner = f"{folder}/node_modules/@pulumi/pulumi/cmd/run"
            command = ["node", runner, *options, "--pwd", request.pwd, *dry_run, request.info.entry_point]
        code = self._child(context, command, request.pwd, environ).wait()
        if code == _BAIL:
            return pb.RunResponse(bail=True)
        return pb.RunResponse(error=f"the program exited with code {code}" if code else "")

    @staticmethod
    def _do(context: Any, *command: str, cwd: str | Path = "/") -> None:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
        if done.returncode:
            context.abort(grpc.StatusCode.INTERNAL, f"{command}: {done.stdout}{done.stderr}")


if __name__ == "__main__":
    del sys.argv[1:3]
    # What `main` serves is the class of that name in its module; the rest of it is the same for both.
    language_host.LanguageHost = OfficialHost  # type: ignore[misc]
    language_host.main()
