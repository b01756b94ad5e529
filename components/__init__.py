"""What a user composes: encrypted AI services accounts and the parts that they are made of.

Imports run down, from row to row, or stay in a row:

| rooms | what they hold |
|---|---|
| `testing` | mocks for unit tests of programs |
| `__main__`, `host`, `package_schema` | the components as a package for programs in any language |
| `service`, `preflight`, `planned`, `service_parts`, `service_key` | a service, and what is asked before |
| `guards` | what is refused because of what exists |
| `private_network` | what only a service has |
| `service_args`, `encryption_args` | the arguments of a service |
| `audit`, `callers`, `foundry` | what comes after the account |
| `account`, `key` | the account and its key |
| `access`, `account_args`, `network`, `vault` | what these need, and their arguments |
| `as_found`, `component`, `declared`, `role_assignment`, `subscriptions`, `vault_writes` | what all share |
| `account_write`, `azure_failures` | writes of an account, failures of Azure |
| `azure_cmk` | the resources of this project's own provider |
| `cmk_resource` | what they have in common |
| `access_model`, `hooks`, `invokes`, `kept_properties`, `references` | values, calls |
| `key_vault_types`, `sdk_debug`, `version_aliases` | the SDK: a version pinned, what is in vain |
| `arguments` | how arguments are declared, read and checked |
"""
