"""The `azure-cmk` Pulumi provider: binds an account to a customer-managed key and follows the key's versions.

Reads as: `host` speaks gRPC; `customer_managed_key`, `key_version` and `functions` are the lives of what it
serves; `binder` and `rotation` act; `clearance` and `following` say whether they may. `binding`, `preflight`
with its rules, `grants`, `errors` and `ids` are plain functions on what was read. `arm` is the only module
that calls Azure, `credential` the only one that logs in.
"""

VERSION = "0.1.0"
