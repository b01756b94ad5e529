"""The components that a program composes: encrypted AI services accounts and their parts.

Imports run down, from row to row, or stay in a row:

| rooms | content |
|---|---|
| `testing` | mocks for unit tests of programs |
| `__main__`, `host`, `package_schema` | the components as a package for programs in any language |
| `service`, `preflight`, `locks`, `planned`, `service_parts`, `service_key` | a service, and its checks |
| `look`, `service_plan` | what exists already, and what follows for a run |
| `after_account` | the parts of a service that come after its account |
| `service_args`, `encryption_args` | the arguments of a service |
| `account`, `key` | the account and its key |
| `account_args`, `audit`, `callers`, `foundry` | arguments by what they are about |
| `access`, `network`, `vault` | parts that these need, and their arguments |
| `as_found`, `component`, `declared`, `role_assignment`, `subscriptions`, `vault_writes` | shared helpers |
| `account_write`, `azure_failures`, `vault_guard` | writes of an account and of a vault, failures of Azure |
| `azure_cmk`, `azure_native` | the resources of this project's own provider, and of azure-native |
| `cmk_resource` | the base class of the former |
| `hooks`, `invokes`, `kept_properties`, `references` | values, calls |
| `arguments` | how arguments are declared, read and checked |
| `sdk` | the private parts of the SDK that the components lean on, and changes to it: less work |
"""
