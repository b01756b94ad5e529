"""The exports that make a shell use this checkout's engine: `eval "$(python -m engine.env)"`.

State is kept in the checkout, encrypted with a passphrase that is no secret: stack `dev` belongs to the
local Azure. A stack on Azure uses a backend and a secrets provider of its own (README).
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

_PASSPHRASE = "local-azure-only"  # noqa: S105


def exports(root: Path, search_path: str) -> Mapping[str, str]:
    """The variables by name, for the checkout at `root` and the PATH there is now."""
    own = root / ".pulumi"
    folders = [str(own / "bin"), *(f for f in search_path.split(os.pathsep) if f != str(own / "bin"))]
    return {
        "PATH": os.pathsep.join(folders),
        "PULUMI_HOME": str(own / "home"),
        # Else the backend keeps a second file beside the state, which it does not write in one step: an
        # engine that is killed in that moment leaves a state that cannot be read.
        "PULUMI_BACKEND_URL": f"{(own / 'backend').as_uri()}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE": _PASSPHRASE,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


def main() -> None:
    """Prints the exports for a POSIX shell, and makes the folder the state goes to."""
    root = Path(__file__).resolve().parent.parent
    (root / ".pulumi" / "backend").mkdir(parents=True, exist_ok=True)
    for name, value in exports(root, os.environ.get("PATH", "")).items():
        print(f"export {name}={shlex.quote(value)}")


if __name__ == "__main__":
    main()
