"""The components as a Pulumi package for programs in any language: `pulumi package add ./components`."""

from __future__ import annotations

import sys
from pathlib import Path

# Pulumi starts a plugin by its folder, and this one is a package of the repository.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from pulumi.provider.experimental import component_provider_host  # noqa: E402

from components.service import EncryptedLanguageService  # noqa: E402

if __name__ == "__main__":
    component_provider_host(name="language-cmk", components=[EncryptedLanguageService])
