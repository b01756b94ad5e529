"""azure-core's transport, which asks the environment about a host once and not for each request.

The proxy (HTTPS_PROXY, NO_PROXY) and the certificate authorities (REQUESTS_CA_BUNDLE) of a host do not change
while a process runs; requests finds them out anew each time, which was a third of the processor time of a
request. Imported only where a request is made, as azure-core is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from azure.core.pipeline.transport import RequestsTransport

Settings = dict[str, Any]


def transport(**options: Any) -> RequestsTransport:
    """A transport with azure-core's options, and with a session of its own."""
    made = RequestsTransport(**options)
    made.open()
    made.session.merge_environment_settings = _once_for_each_host(made.session.merge_environment_settings)
    return made


def _once_for_each_host(ask: Callable[..., Settings]) -> Callable[..., Settings]:
    """Keeps what `requests.Session.merge_environment_settings` answers: it depends on a URL's scheme and host
    and on what the request itself asks for."""
    known: dict[object, Settings] = {}

    def settings(url: str, proxies: Any, *asked: Any) -> Settings:
        if proxies:
            return ask(url, proxies, *asked)
        place = urlsplit(url)
        question = (place.scheme, place.netloc, *asked)
        if question not in known:
            known[question] = ask(url, proxies, *asked)
        return dict(known[question])

    return settings
