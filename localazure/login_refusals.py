"""How Microsoft Entra refuses a token: the error document around an AADSTS number."""

from __future__ import annotations

from localazure.cloud import Cloud
from localazure.discovery import LOGIN
from localazure.web import Request, Response


class RefusedError(Exception):
    """No token: `error` is OAuth's word for the reason, `number` and `text` are Entra's."""

    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(text)
        self.status, self.error, self.number, self.text = status, error, number, text


def refusal(cloud: Cloud, request: Request, refused: RefusedError) -> Response:
    """The answer to a request that was refused."""
    now = cloud.clock.datetime().strftime("%Y-%m-%d %H:%M:%SZ")
    trace, correlation = cloud.new_id(), request.headers.get("client-request-id") or request.correlation_id
    body = {
        "error": refused.error,
        "error_description": f"AADSTS{refused.number}: {refused.text} Trace ID: {trace} "
        f"Correlation ID: {correlation} Timestamp: {now}",
        "error_codes": [refused.number],
        "timestamp": now,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"{LOGIN}/error?code={refused.number}",
    }
    return Response(refused.status, body)
