"""The table and the schema file against the installed SDK."""

from __future__ import annotations

import importlib
import inspect
import json
import re

import pytest
from pulumi.runtime.proto import provider_pb2

from localazure.standin.functions import CLIENT, GETTERS, LIST_KEYS
from localazure.standin.schema import FILE, shape_of, version
from localazure.standin.table import ROWS, ResourceType
from tests.localazure.standin import sdk
from tests.localazure.standin.driver import Engine


def test_schema_file_is_what_the_installed_sdk_gives() -> None:
    """After an update of the SDK or a new row, `python -m tests.localazure.standin.sdk` has to be run."""
    assert FILE.read_text() == sdk.schema()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_is_true_of_the_sdk(row: ResourceType) -> None:
    """It speaks the API version that the SDK documents as the default, and names inputs that the type has."""
    resource = getattr(importlib.import_module(f"{sdk.PACKAGE}.{row.module}"), row.name)
    documented = re.search(r"Uses Azure REST API version (\S+)\.\s", inspect.getsource(resource))
    assert row.api_version == (documented[1] if documented else "")
    named = {row.name_input, *row.required, *row.rules, *row.force_new, *row.inner, *row.path_fields}
    named |= {*row.shared[:1]}
    assert {name.split(".")[0] for name in named - {""}} <= set(shape_of(row.token).inputs.properties)


async def test_the_engine_gets_a_whole_schema(engine: Engine) -> None:
    """Each type has its getter, and each function its description."""
    schema = json.loads((await engine.stub.GetSchema(provider_pb2.GetSchemaRequest())).schema)
    assert set(schema["resources"]) == {row.token for row in ROWS}
    assert set(schema["functions"]) == {LIST_KEYS, *CLIENT, *GETTERS}
    assert schema["version"] == version() == "3.29.0"
    assert schema["config"]["variables"]["clientSecret"]["secret"] is True
