"""What a user composes: encrypted AI services accounts and the parts that they are made of.

Imports run down, from row to row, or stay in a row:

| rooms | what they hold |
|---|---|
| `testing` | mocks for unit tests of programs |
| `__main__`, `host`, `package_schema` | the components as a package for programs in any language |
| `service`, `service_parts`, `service_key`, `key_operators` | a whole service, and the order of its parts |
| `guards` | what is refused because of what exists; what a service is about to make |
| `private_network`, `resource_group` | parts that only a service has |
| `service_args`, `encryption_args` | the arguments of a service |
| `audit`, `binding`, `callers`, `foundry`, `lock` | what comes after the account |
| `account`, `key` | the account and its key |
| `access`, `account_args`, `identity`, `network`, `vault` | what these need, and their arguments |
| `as_found`, `component`, `subscriptions`, `vault_writes` | what all components have in common |
| `account_write`, `azure_failures`, `role_assignment` | writes of an account, failures of Azure, roles |
| `azure_cmk` | the resources of this project's own provider |
| `cmk_resource` | what they have in common |
| `access_model`, `hooks`, `invokes`, `kept_properties`, `references` | values, and calls of the engine |
| `sdk_debug`, `version_aliases` | what the SDK sends that serves nobody |
| `arguments` | how arguments are declared, read and checked |
"""
