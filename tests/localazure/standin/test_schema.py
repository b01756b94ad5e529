"""The table and the schema file against the installed SDK."""

from __future__ import annotations

import importlib
import inspect
import json
import re

import pytest
from pulumi.runtime.proto import provider_pb2

from localazure.standin import sdk
from localazure.standin.row import ResourceType
from localazure.standin.schema import FILE, shape_of, version
from localazure.standin.table import ROWS
from tests.localazure.standin.case import engine, stand_in


def test_schema_file_is_what_the_installed_sdk_gives() -> None:
    """After an update of the SDK or a new row, `python -m localazure.standin.sdk` has to be run."""
    assert FILE.read_text() == sdk.schema()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_api_versions_are_the_sdks(row: ResourceType) -> None:
    """Each row speaks the API version that the SDK documents as the default."""
    resource = getattr(importlib.import_module(f"{sdk.PACKAGE}.{row.module}"), row.name)
    documented = re.search(r"Uses Azure REST API version (\S+)\.\s", inspect.getsource(resource))
    assert row.api_version == (documented[1] if documented else "")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_rows_name_inputs_that_exist(row: ResourceType) -> None:
    """What a row says of an input is said of an input that the type has."""
    inputs = shape_of(row.token).inputs.properties
    named = {row.name_input, *row.required, *row.rules, *row.force_new, *row.inner, *row.path_fields}
    named |= {path[0] for path in (*row.sub_resources, *row.keyed)}
    assert {name.split(".")[0] for name in named - {""}} <= set(inputs)


@pytest.mark.asyncio
async def test_get_schema_describes_every_supported_type() -> None:
    """The engine gets the schema of the supported version before anything is configured."""
    async with stand_in() as (port, _), engine(port) as instance:
        got = await instance.stub.GetSchema(provider_pb2.GetSchemaRequest())
    package = json.loads(got.schema)
    assert set(package["resources"]) == {row.token for row in ROWS}
    assert package["version"] == version() == "3.29.0"
    vault = package["resources"]["azure-native:keyvault:Vault"]
    assert vault["requiredInputs"] == ["properties", "resourceGroupName"]
    properties = package["types"]["azure-native:keyvault:VaultProperties"]["properties"]
    assert properties["softDeleteRetentionInDays"] == {"type": "integer", "default": 90}
