"""One language host for the previews of all stacks, in the place of one for each: Pulumi's own starts Python
four times before each program (docs/speed.md)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ATTACH: Final = "PULUMI_DEBUG_LANGUAGES"
"""Where an engine finds language hosts that run already. Source: pulumi 3.259, pkg/resource/plugin/
langruntime_plugin.go (`GetLanguageAttachPort`)."""
_HOST: Final = Path("hosts", "language_host.py")


@contextmanager
def shared_language_host() -> Iterator[None]:
    """Has the engines that this process starts attach to one host; where the checkout or the CLI lacks what
    that takes, each starts its own. The host holds no login, and its programs have this process's
    environment."""
    launcher = Path(shutil.which("pulumi") or "").resolve().with_name("pulumi-language-python-exec")
    if ATTACH in os.environ or not _HOST.is_file() or not launcher.is_file():
        yield
        return
    command = [sys.executable, "-u", str(_HOST), "--stays", "--launcher", str(launcher)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as host:
        port = host.stdout.readline().strip() if host.stdout else ""
        if port:
            os.environ[ATTACH] = f"python:{port}"
        try:
            yield
        finally:
            os.environ.pop(ATTACH, None)
            host.terminate()
