"""How an account is called: an example command for the Azure CLI, by kind of account.

Sources: text analysis, azure-ai-textanalytics 5.4.0 (`:analyze-text` of 2023-04-01); models of Azure OpenAI,
learn.microsoft.com/azure/ai-services/openai/reference (`models` of 2024-10-21); `az rest`,
learn.microsoft.com/cli/azure/reference-index#az-rest.
"""

import shlex
from typing import Final

from core import clouds
from core.kinds import AccountKind

_TEXT: Final = '{"documents":[{"id":"1","text":"Guten Tag"}]}'
_LANGUAGE_OF: Final = f'{{"kind":"LanguageDetection","analysisInput":{_TEXT}}}'
_ANALYZE: Final = ("post", "language/:analyze-text?api-version=2023-04-01", _LANGUAGE_OF)
_MODELS: Final = ("get", "openai/models?api-version=2024-10-21", "")


def example_command(kind: AccountKind, endpoint: str) -> str | None:
    """A command that calls an account as the user who is logged in to the Azure CLI and has one of the
    callers' roles. It writes nothing. None for kinds whose calls need an input of the caller's, such as an
    image."""
    if not (kind.language or kind.openai):
        return None
    method, path, body = _ANALYZE if kind.language else _MODELS
    resource = clouds.of_endpoint(endpoint).account_scope.removesuffix("/.default")
    url = f"{endpoint.rstrip('/')}/{path}"
    words = ["az", "rest", "--method", method, "--url", url, "--resource", resource]
    return shlex.join([*words, *(["--body", body] if body else [])])
