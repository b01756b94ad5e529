"""What a browser makes of the page."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from localazure.process import page_address
from tests.localazure.page import scene as page_scene
from tests.localazure.page.scene import EVIL
from tests.support.arm_client import Client, token
from tests.support.azure import RunningAzure, running_azure

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.mark.skipif(BROWSER is None, reason="no Chromium: apt-get install chromium, then it runs")
def test_a_browser_shows_it(tmp_path: Path) -> None:
    """Chromium signs in with the address, draws the time lines and runs the script."""
    with running_azure(tmp_path / "home") as azure:
        page_scene.play(_sender(azure))
        azure.control("/faults", {"path": "/x", "code": EVIL})
        dom = _browse(page_address(azure.home), tmp_path / "profile")
    assert dom.count('class="timeline"') == 3
    assert "no access policy allows its identity to unwrap" in dom
    assert "up to date" in dom
    assert 'role="search"' in dom
    assert "<img" not in dom


def _sender(azure: RunningAzure) -> page_scene.Send:
    tokens = {
        name: token(azure.env, f"https://{name}") for name in ("management.azure.com", "vault.azure.net")
    }

    def send(method: str, url: str, body: Any) -> Any:
        parts = urlsplit(url)
        bearer = next(found for name, found in tokens.items() if parts.netloc.endswith(name))
        client = Client(azure.env, parts.netloc, bearer)
        status, answer = client.send(method, f"{parts.path}?{parts.query}", body)
        client.close()
        assert status < 300, json.dumps(answer)
        return answer

    return send


def _browse(address: str, profile: Path) -> str:
    quiet = ("background-networking", "component-update", "sync", "gpu", "quic")
    switches = [f"--disable-{word}" for word in quiet]
    command = [str(BROWSER), "--headless", "--no-sandbox", "--no-first-run", *switches]
    command += [f"--user-data-dir={profile}", "--timeout=2000", "--dump-dom", address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    return done.stdout
