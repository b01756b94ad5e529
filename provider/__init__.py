"""The `azure-cmk` Pulumi provider: binds an account to a customer-managed key and follows the key's versions.

`host` speaks gRPC. `customer_managed_key`, `key_version`, `key_access_validation` and `functions` are what it
serves; `binder` and `rotation` act, once `preflight` with its `rules` allows it. `live_state` reads what they
judge. `azure` asks Azure through `azure_client`; `credential` is the only module that logs in. What is known
about Azure is in `core`.
"""

VERSION = "0.1.0"
