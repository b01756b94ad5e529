"""The leanest client there is: kept connections through the proxy, so that figures are the server's. A
request that was sent is never sent again: a lost answer is what some tests are about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import urllib3

ARM = "management.azure.com"
LOGIN = "login.microsoftonline.com"


class Client:
    """One host of the local Azure, signed in as the environment says."""

    def __init__(self, env: Mapping[str, str], host: str, token: str = "") -> None:
        self._pool = _pool(env)
        self._host = host
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """One request; the status and the decoded body."""
        url = f"https://{self._host}{path}"
        answer = self._pool.request(method, url, json=body, headers=self._headers)
        return answer.status, answer.json() if answer.data else None


def token(env: Mapping[str, str], resource: str) -> str:
    """A token of the environment's service principal. Raises RuntimeError where it is refused."""
    form = {
        "grant_type": "client_credentials",
        "client_id": env["AZURE_CLIENT_ID"],
        "client_secret": env["AZURE_CLIENT_SECRET"],
        "scope": f"{resource}/.default",
    }
    url = f"https://{LOGIN}/{env['AZURE_TENANT_ID']}/oauth2/v2.0/token"
    answer = _pool(env).request("POST", url, fields=form, encode_multipart=False)
    if answer.status != 200:
        raise RuntimeError(f"login: {answer.status} {answer.json()}")
    return str(answer.json()["access_token"])


def ask(env: Mapping[str, str], method: str, url: str, body: Any = None) -> Any:
    """One request of the environment's service principal to a host of the local Azure; the decoded answer.
    Raises RuntimeError where it is refused."""
    target = urlsplit(url)
    own, _, parent = target.netloc.partition(".")
    audience = target.netloc if own == "management" else parent
    client = Client(env, target.netloc, token(env, f"https://{audience}"))
    status, answer = client.send(method, f"{target.path}?{target.query}", body)
    if status >= 300:
        raise RuntimeError(f"{method} {target.path}: {status} {answer}")
    return answer


def _pool(env: Mapping[str, str]) -> urllib3.ProxyManager:
    return urllib3.ProxyManager(
        env["HTTPS_PROXY"], ca_certs=env["SSL_CERT_FILE"], retries=False, timeout=120.0
    )
