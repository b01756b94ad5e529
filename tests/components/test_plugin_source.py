"""Where the engine finds `azure-cmk` for components that were fetched by a git URL."""

from __future__ import annotations

import pytest

from components.cmk_resource import plugin_beside


@pytest.mark.parametrize(
    ("folder", "url"),
    [
        (
            "resource-github.com_team_language-cmk.git_components-v0.1.0",
            "git://github.com/team/language-cmk.git/provider",
        ),
        (
            "resource-github.com_team_our_cmk.git_components-v0.1.0",
            "git://github.com/team/our_cmk.git/provider",
        ),
    ],
)
def test_the_provider_is_of_the_same_repository_and_version(folder: str, url: str) -> None:
    """Its plugin's folder differs from that of the components in one word, as the CLI names them."""
    assert plugin_beside(folder) == {"version": "0.1.0", "plugin_download_url": url}
    assert folder.replace("components", "provider") == f"resource-{url[6:].replace('/', '_')}-v0.1.0"


@pytest.mark.parametrize("folder", ["language-cmk", "resource-azure-cmk-v0.1.0", "components", ""])
def test_a_checkout_leaves_it_to_the_project(folder: str) -> None:
    """There, Pulumi.yaml names the provider by its path."""
    assert plugin_beside(folder) == {}
