"""What azure-native says of a refusal, to the letter.

Follows pulumi-azure-native, provider/pkg/azure/client_azcore.go (newResponseError), and azcore 1.22 and
azidentity 1.14 of Azure's SDK for Go (response_error.go, errors.go).
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from localazure.standin.answer import Answer

SEPARATOR: Final = "-" * 80
TROUBLESHOOTING: Final = "https://aka.ms/azsdk/go/identity/troubleshoot#client-secret"


def of_plugin(answer: Answer) -> str:
    """The plugin's own form: status, code, and the message or else the whole body. An answer that is no JSON
    object is told in azcore's form."""
    if not isinstance(answer.body, dict):
        return of_sdk(answer)
    error = answer.body.get("error")
    message = error["message"] if isinstance(error, dict) and "message" in error else answer.text
    code = code_of(answer)
    named = f'Code="{code}" ' if code else ""
    return f'Status={answer.status} {named}Message="{message}"'


def of_sdk(answer: Answer) -> str:
    """azcore's form, which the resources give that use another client than the plugin's."""
    code = code_of(answer)
    return _told(answer, f"ERROR CODE: {code}" if code else "ERROR CODE UNAVAILABLE") + "\n"


def of_login(answer: Answer) -> str:
    """azidentity's form, of a login with a client secret."""
    head = "ClientSecretCredential authentication failed. "
    return f"{head}\n{_told(answer)}\nTo troubleshoot, visit {TROUBLESHOOTING}"


def code_of(answer: Answer) -> str:
    """The header's code, else that of the body's `error`, or of a body without one."""
    if header := answer.headers.get("x-ms-error-code"):
        return header
    body = answer.body if isinstance(answer.body, dict) else {}
    error: Any = body.get("error", body)
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) else ""


def _told(answer: Answer, *code: str) -> str:
    lines = [
        answer.request or "Request information not available",
        SEPARATOR,
        f"RESPONSE {answer.status}: {answer.status} {HTTPStatus(answer.status).phrase}",
        *code,
        SEPARATOR,
        _indented(answer) or "Response contained no body",
        SEPARATOR,
    ]
    return "\n".join(lines)


def _indented(answer: Answer) -> str:
    if isinstance(answer.body, dict | list):
        return json.dumps(answer.body, indent=2, ensure_ascii=False)
    return answer.text
