"""no-preview-api-version: nothing is deployed through a preview of an Azure API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policies.asking import ACCOUNT, GENERIC, UNKNOWN_TEXT, Pack, Thing, verdict


@pytest.mark.parametrize(
    ("token", "props", "expected"),
    [
        ("azure-native:cognitiveservices/v20240401preview:Account", {}, "violation"),
        ("azure-native_storage_v20240101preview:storage:Blob", {}, "violation"),
        ("azure-native:cognitiveservices/v20230501:Account", {}, "pass"),
        (ACCOUNT, {}, "pass"),
        ("azure-native:monitor:DiagnosticSetting", {"azureApiVersion": "2021-05-01-preview"}, "pass"),
        (GENERIC, {"apiVersion": "2024-04-01-preview"}, "violation"),
        (GENERIC, {"apiVersion": "2024-04-01"}, "pass"),
        (GENERIC, {"apiVersion": UNKNOWN_TEXT}, "pass"),
        ("aws:s3:Bucket", {}, "pass"),
    ],
)
def test_no_preview_of_an_api_is_chosen(token: str, props: dict[str, Any], expected: str) -> None:
    """Only a version that the program pins counts; azure-native's own default may be a preview."""
    assert verdict(Pack().ask(Thing("x", token, props)), "no-preview-api-version") == expected
