"""The files of an adoption: without a cloud."""

from __future__ import annotations

import json

import pytest
import yaml

from operate.adopt.command import paths
from operate.adopt.files import configuration, declared, import_file, merged
from operate.adopt.plan import plan
from tests.operate.adopt.accounts import found


def test_the_settings_file_keeps_what_it_says_of_secrets() -> None:
    """And is refused where it has settings of a service already."""
    text = merged("encryptionsalt: v1:abc\n", {"language-cmk:name": "x"})
    assert yaml.safe_load(text) == {"encryptionsalt": "v1:abc", "config": {"language-cmk:name": "x"}}
    with pytest.raises(ValueError, match="language-cmk:name"):
        merged(text, {"language-cmk:name": "y"})
    assert yaml.safe_load(merged("", {"a": 1})) == {"config": {"a": 1}}


def test_the_files_are_named_as_the_engine_names_them() -> None:
    """Also for a stack that is named with its organization and project."""
    for stack in ("prod", "contoso/language-cmk/prod"):
        assert [str(path) for path in paths(stack)] == ["Pulumi.prod.yaml", "adopt.prod.json"]


def test_the_files_hold_every_account() -> None:
    """Several services are a list; each import has its own service as parent."""
    plans = [plan(name, found()) for name in ("xx", "yy")]
    config = configuration(declared(plans), "s")
    assert (config["azure-native:subscriptionId"], config["azure-cmk:subscriptionId"]) == ("s", "s")
    assert [service["name"] for service in config["language-cmk:services"]] == ["xx", "yy"]
    resources = json.loads(import_file(plans, "3.29.0"))["resources"]
    assert {r["parent"] for r in resources if not r.get("component")} == {"xx", "yy"}
    assert all(r["version"] == "3.29.0" for r in resources if r["type"].startswith("azure-native"))
