"""Any configuration gives a plan or an error that names each wrong setting; never a traceback."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from components.service import EncryptedLanguageService
from settings import SettingsError, parse
from settings.documentation import schema
from tests.unit.recording import run

_KEYS = [key.removeprefix("language-cmk:") for key in schema()["properties"]["config"]["properties"]]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5000) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_GROUP = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg"
_VAULT = f"{_GROUP}/providers/Microsoft.KeyVault/vaults/kv"


def _group(**choices: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=choices)


_SERVICE = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["alpha", "beta-2", "a-very-long-service-name"]),
        "location": st.just("westeurope"),
    },
    optional={
        "encryption": st.sampled_from(["customerManaged", "microsoftManaged"]),
        "identity": st.sampled_from(["systemAssigned", "userAssigned", "systemAndUserAssigned"]),
        "access": st.sampled_from(["accessPolicy", "rbac"]),
        "sku": st.sampled_from(["S", "F0"]),
        "vault": _group(
            name=st.just("kv-own"), id=st.just(_VAULT), keyOperators=st.lists(st.just("deployer"), max_size=1)
        ),
        "key": _group(
            name=st.just("own"),
            id=st.just(f"{_VAULT}/keys/k"),
            generation=st.integers(0, 3),
            expiresAfterDays=st.integers(28, 900),
            rotatesAfterDays=st.integers(7, 900),
        ),
        "network": _group(
            access=st.sampled_from(["closed", "selected", "open"]),
            allowedIpRanges=st.lists(st.just("8.8.8.8"), max_size=1),
        ),
        "audit": _group(newWorkspace=st.booleans()),
        "existingResourceGroupName": st.just("rg"),
    },
)


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


@given(_SERVICE)
@settings(max_examples=40, deadline=None)
def test_accepted_settings_make_a_service_whose_key_is_granted_before_it_is_bound(
    said: dict[str, Any],
) -> None:
    """Every combination that is accepted gives a program that runs to its end, in the right order."""
    try:
        (service,) = parse(said).services
    except SettingsError:
        return
    args: Any = service.args()
    monitor = run(lambda: EncryptedLanguageService(service.name, args))
    grants = {
        found.urn
        for found in (*monitor.of(":AccessPolicy"), *monitor.of(":RoleAssignment"))
        if found.request.protect
    }
    bindings = [
        found
        for found in monitor.registered
        if found.type.endswith(":CustomerManagedKey")
        or "encryption" in (found.inputs.get("properties") or {})
    ]
    assert len(bindings) == len(grants) == (service.encryption == "customerManaged")
    assert all(grants <= binding.needs for binding in bindings)
