"""Any configuration gives a plan that the policy pack lets pass, or an error that names what is wrong."""

from __future__ import annotations

import importlib.util
import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from components.preflight.run import RefusedError
from docs.settings_pages import page, schema
from settings import ServiceSettings, SettingsError, parse
from tests.support.packed import refusals
from tests.support.recording import FakeAzure, RecordingMonitor, run
from tests.support.setting_documents import RIGHT, Document, documents

_PROGRAM = importlib.util.spec_from_file_location(
    "program", Path(__file__).resolve().parents[2] / "__main__.py"
)
assert _PROGRAM
assert _PROGRAM.loader
program: Any = importlib.util.module_from_spec(_PROGRAM)
_PROGRAM.loader.exec_module(program)

_KEYS = [key.removeprefix("language-cmk:") for key in schema()["properties"]["config"]["properties"]]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5000) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)

_SMALL = {"name": "alpha", "location": "westeurope"}


@given(
    st.dictionaries(st.sampled_from(_KEYS) | st.text(max_size=8), _JSON | st.text(max_size=20), max_size=6)
)
@example({"name": "", "[key]": ""})
@settings(max_examples=100, deadline=None)
def test_any_configuration_is_read_or_refused_setting_by_setting(config: dict[str, Any]) -> None:
    """Whatever stands in the file, the answer is settings or problems with a path and a text."""
    as_text = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    try:
        found: Sequence[object] = parse(as_text).services
    except SettingsError as error:
        found = error.problems
    assert found


def test_every_setting_takes_part() -> None:
    """A new setting without values here would go untested."""
    listed = re.findall(r"^\| `([\w.]+)", page(), re.MULTILINE)
    assert {*RIGHT, "removedServices"} == {*listed}


@given(documents())
@example(Document({**_SMALL, "encryption": "microsoftManaged", "identity": "userAssigned"}, frozenset()))
@example(Document({**_SMALL, "encryption": "microsoftManaged", "sku": "F0"}, frozenset()))
@settings(max_examples=int(os.environ.get("SETTINGS_EXAMPLES", "50")), deadline=None)
def test_a_program_passes_the_pack_or_is_refused_setting_by_setting(document: Document) -> None:
    """Whatever is said: the whole program runs to its end, in the right order, and the policy pack refuses of
    it only what was said outright; or each wrong setting is named by its path, and nothing was registered."""
    monitor = RecordingMonitor(FakeAzure())
    try:
        with patch.object(program.settings, "load", lambda: parse(document.config)):
            run(program.main, monitor=monitor)
    except (SettingsError, RefusedError) as error:
        assert [found.type for found in monitor.registered if ":providers:" not in found.type] == []
        paths = [found[1].path if isinstance(found, tuple) else found.path for found in error.problems]
        assert paths
        unnamed = {spoilt for spoilt in document.spoilt if not any(path.startswith(spoilt) for path in paths)}
        assert unnamed == set()
        return
    event("accepted")
    assert not document.spoilt
    services = parse(document.config).services
    assert refusals(monitor) == {refusal for service in services for refusal in _asked_for(service, monitor)}
    for service in services:
        _assert_granted_before_bound(service, monitor)


def _asked_for(service: ServiceSettings, monitor: RecordingMonitor) -> Iterator[tuple[str, str]]:
    """What the pack refuses of a service because its settings say so outright."""
    made = {found.name for found in monitor.registered}
    if service.encryption == "microsoftManaged":
        if not service.unbind_account:
            yield "account-has-customer-key", f"{service.name}-account"
        if service.identity == "userAssigned":
            # It has neither an identity of its own nor a key that names another.
            yield "account-identity", f"{service.name}-account"
        if service.sku == "F0":
            yield "account-tier-supports-cmk", f"{service.name}-account"
    unrecorded = service.audit.new_workspace is False and not service.audit.workspace_id
    if unrecorded and f"{service.name}-vault" in made:
        yield "vault-audited", f"{service.name}-vault"


def _assert_granted_before_bound(service: ServiceSettings, monitor: RecordingMonitor) -> None:
    mine = [found for found in monitor.registered if found.name.startswith(f"{service.name}-")]
    grants = {found.urn for found in mine if found.name == f"{service.name}-access"}
    bound = [
        found
        for found in mine
        if found.type.endswith(":CustomerManagedKey")
        or "keyVaultProperties" in ((found.inputs.get("properties") or {}).get("encryption") or {})
    ]
    assert len(grants) == service.has_key
    assert len(bound) == (service.encryption == "customerManaged")
    assert all(grants <= found.needs for found in bound)
