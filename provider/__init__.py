"""The `azure-cmk` Pulumi provider: binds an account to a customer-managed key and follows the key's versions.

`host` speaks gRPC; `served` answers by the resources (`customer_managed_key`, `key_version`, `key_access`,
`access_policy`, `foundry_auto_upgrade`, `deleted_account_purge`), whose changes of an account
`account_changes` carries out, and by `functions`. `service_preflight` judges what `service_look` reads, for
all services of a program before a run; `preflight` judges what `live_state` reads, before a resource is
written. `azure` asks Azure through `azure_client`, which sends by `transport`; `credential` is the only
module that logs in. What is known about Azure is in `core`.
"""

import json
from pathlib import Path

from core.published import ABOUT, VERSION

__all__ = ["SCHEMA", "VERSION", "schema"]

SCHEMA = Path(__file__).with_name("schema.json")


def schema() -> str:
    """The package's schema, with the address under which it is published."""
    return json.dumps({**json.loads(SCHEMA.read_text(encoding="utf-8")), **ABOUT})
