"""Logins as people configure them, and what each must come to: the same for every tool.

The expected values are what pulumi-azure-native's source does with the same settings (auth_azidentity.go,
`newSingleMethodAuthCredential` and `readAuthConfig`). Azure DevOps has no request URL of GitHub's form
(pulumi-azure-native#2884).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

TENANT = "11111111-1111-1111-1111-111111111111"
CLIENT = "22222222-2222-2222-2222-222222222222"
OTHER = "99999999-9999-9999-9999-999999999999"


@dataclass(frozen=True)
class Case:
    """One way to configure a login: the stack's `azure-cmk:` and `azure-native:` settings, the environment;
    then the method by its name in `core.login.Method`, the cloud, and the values that count."""

    name: str
    own: Mapping[str, str] = field(default_factory=dict)
    azure_native: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    method: str = "CLI"
    cloud: str = "public"
    values: Mapping[str, str] = field(default_factory=dict)


_ROWS = json.loads(Path(__file__).with_suffix(".json").read_text())
CASES = tuple(Case(name, **row) for name, row in _ROWS.items())
