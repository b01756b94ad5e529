"""A shell into which a person types what the pages say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path


class Shell:
    """One bash in a folder, in which what was exported stays, with a login of somebody's own."""

    def __init__(self, folder: Path) -> None:
        foreign = {"ARM_CLIENT_ID": "mine", "PULUMI_BACKEND_URL": "s3://mine", "PULUMI_ACCESS_TOKEN": "mine"}
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LOCALAZURE_")}
        self.folder = folder
        self._bash = subprocess.Popen(
            ["bash"],
            cwd=folder,
            env={**kept, **foreign, "PATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def type(self, line: str) -> str:
        """Runs a line that has to end well. Returns what was printed."""
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        self._bash.stdin.write(f'{line}\nprintf "\\nended with %s\\n" $?\n')
        self._bash.stdin.flush()
        said = ""
        for text in self._bash.stdout:
            if found := re.fullmatch(r"ended with (\d+)\n", text):
                assert found[1] == "0", f"{line}\n{said}"
                return said
            said += text
        raise AssertionError(f"the shell has ended: {said}")

    def close(self) -> None:
        self._bash.terminate()
        self._bash.wait()
