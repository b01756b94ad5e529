"""Virtual environments of checkouts in which a test runs, and the official language hosts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def official_host(language: str) -> Path | None:
    """Pulumi's own host of a language, in the folder that OFFICIAL_HOSTS names or on PATH; None without."""
    own = ROOT / ".pulumi" / "bin"
    search_path = os.pathsep.join(filter(None, [os.environ.get("OFFICIAL_HOSTS", ""), os.environ["PATH"]]))
    folders = [one for one in search_path.split(os.pathsep) if Path(one).resolve() != own.resolve()]
    found = shutil.which(f"pulumi-language-{language}", path=os.pathsep.join(folders))
    return Path(found) if found else None


def give_environment(checkout: Path) -> None:
    """`.venv` of a checkout, with the packages of the repository's own: a link to it.

    Where the official Python host is found, an environment of the checkout's own, that looks into the other:
    that host makes the environment anew before it installs, which Python refuses for a link.
    """
    own, shared = checkout / ".venv", ROOT / ".venv"
    if official_host("python") is None:
        own.symlink_to(shared)
        return
    if own.is_symlink():
        own.unlink()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", own], check=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = Path("lib", version, "site-packages")
    (own / packages / "shared.pth").write_text(f"{shared / packages}\n")
    (own / "bin" / "uv").symlink_to(shared / "bin" / "uv")
    (own / ".synced").touch()
