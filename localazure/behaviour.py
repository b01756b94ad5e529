"""How the local Azure behaves where Azure varies, or where nobody observed Azure.

Each field of `Behaviour` is a switch. `switches.json` has the question that it answers, its plausible values,
why the default may be wrong, and the source; `docs/assumptions.md` is made
from it. Durations are seconds on the cloud's clock unless a switch says otherwise.
"""

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Switch:
    """The row of the table about one field of `Behaviour`.

    `values` are the plausible ones, the default first. `free`: testers may also set others of the same type,
    such as durations and error codes. `source` is empty for a setting that only serves testing.
    """

    name: str
    question: str
    values: tuple[Any, ...]
    otherwise: str = ""
    source: str = ""
    free: bool = False

    @property
    def default(self) -> Any:
        return self.values[0]

    def problem(self, value: Any) -> str:
        """Why the switch cannot have this value; empty where it can."""
        usual = self.default
        if isinstance(usual, (bool, str)):
            fits = type(value) is type(usual) and (self.free or value in self.values)
            expected = "a text" if self.free else f"one of {list(self.values)}"
        else:
            whole = isinstance(usual, int)
            number = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
            fits = number and 0 <= value < math.inf
            expected = f"{'a whole number' if whole else 'a number'} of 0 or more"
        return "" if fits else f"{self.name} is {value!r}, expected {expected}"


@dataclass(frozen=True)
class Behaviour:
    """The switches, each with its default. Set them with `POST /behaviour` of the control endpoint."""

    trusted_services_reach_vault: bool = True
    cmk_with_rbac_vault: str = "works"
    foundry_key_role: str = "encryption_user"

    # Time
    operation_seconds: float = 0.0
    group_retry_seconds: int = 15
    poll_retry_seconds: int = 0
    grant_delay_seconds: float = 0.0
    principals_visible_after: float = 0.0
    principal_type: str = "believed"
    deleted_keys_visible_after: float = 0.0
    deleted_resources_visible_after: float = 0.0
    key_remembered_seconds: float = 0.0
    unreadable_documents: str = "deleted"
    page_size: int = 0
    token_seconds: int = 3599
    read_lag_seconds: float = 0.0
    lagging_reads: str = "all"
    empty_vault_patch: str = "current"
    throttling: str = "none"

    # How ARM shows a resource
    ids_casing: str = "as_sent"
    location_spelling: str = "as_sent"
    empty_tags: str = "as_observed"
    defaults_added: bool = False
    key_vault_uri: str = "as_sent"
    key_version: str = "echoed"
    system_identity_client_id: str = "absent"
    versionless_key: str = "documented"
    versionless_key_shown: str = "none"
    operation_hosts: str = "global"
    open_values: str = "refused"

    # Writes to accounts
    synchronous_creates: bool = False
    put_without_encryption: str = "unbinds"
    put_without_identity: str = "removes"
    put_of_older_version: str = "removes"
    put_without_user_owned_storage: str = "removes"
    failing_operations: str = ""
    failed_operations_keep: str = "all"
    missing_grant: str = "forbidden"
    move_without_old_key: str = "refused"
    same_key_again: str = "refused"
    account_with_children: str = "refused"
    key_source_with_projects: str = "not_reverted"
    foundry_key_vault: str = "same"
    child_write_seconds: float = 0.0
    unknown_versions: str = "served"
    operation_polling: str = "needs_read"
    validate_covers: str = "provider"

    # Key Vault
    vault_write_seconds: float = 0.0
    arm_keys_need_data_role: bool = False

    # azure-native's plugin
    azure_native_keys: str = "default"

    # Monitoring
    diagnostic_settings: str = "kept"
    alert_queries: str = "checked"

    @property
    def pins_keys(self) -> bool:
        """Whether azure-native makes a key by the API version that its type pins."""
        return self.azure_native_keys == "pinned"


_FILE = Path(__file__).with_name("switches.json")
SWITCHES = tuple(Switch(**{**row, "values": tuple(row["values"])}) for row in json.loads(_FILE.read_text()))
_BY_NAME = {switch.name: switch for switch in SWITCHES}


def restored(stored: dict[str, Any]) -> Behaviour:
    """A behaviour from its stored form; what another version of this code stored and this one cannot read
    is left out, so that the memory of the cloud can still be used."""
    known = {name: value for name, value in stored.items() if name in _BY_NAME}
    return Behaviour(**{name: value for name, value in known.items() if not _BY_NAME[name].problem(value)})


def changed(behaviour: Behaviour, changes: dict[str, Any]) -> Behaviour:
    """The behaviour with some switches set. Raises ValueError for unknown ones and for values they lack."""
    if unknown := sorted(set(changes) - set(_BY_NAME)):
        raise ValueError(f"unknown behaviour {unknown}; known are {sorted(_BY_NAME)}")
    if wrong := [found for name, value in changes.items() if (found := _BY_NAME[name].problem(value))]:
        raise ValueError("; ".join(wrong))
    return replace(behaviour, **changes)
