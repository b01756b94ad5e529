"""The `azure-cmk` Pulumi provider: binds an account to a customer-managed key and follows the key's versions.

Reads as: `host` speaks gRPC; `customer_managed_key`, `key_version` and `functions` are the lives of what it
serves; `binding`, `preflight`, `grants`, `errors` and `ids` are the rules, plain functions; `arm` is the only
module that calls Azure.
"""

VERSION = "0.1.0"
