"""The `azure-cmk` Pulumi provider: binds an account to a customer-managed key and follows the key's versions.

`host` speaks gRPC; `served` answers by the resources (`customer_managed_key`, `key_version`, `key_access`,
`access_policy`, `deleted_account_purge`) and by `functions`. `preflight` judges what `live_state` reads,
before anything is written. `azure` asks Azure through `azure_client`; `credential` is the only module that
logs in. What is known about Azure is in `core`.
"""

from pathlib import Path

from core.published import VERSION

__all__ = ["SCHEMA", "VERSION"]

SCHEMA = Path(__file__).with_name("schema.json")
