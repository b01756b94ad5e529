"""The components that a program composes: encrypted AI services accounts and their parts.

Imports run down, from row to row, or stay in a row:

| rooms | content |
|---|---|
| `testing` | mocks for unit tests of programs |
| `__main__`, `host`, `package_schema` | the components as a package for programs in any language |
| `service` | a service |
| `preflight` | the one question about what exists before anything is made, refusals, and the decision |
| `parts` | the parts of one service, in their order |
| `resources` | vault, key, account and grants, and what guards their writes |
| `declared`, `subscriptions` | how a resource is declared, and through which provider |
| `azure_cmk`, `component` | the resources of this project's own provider; the base of the components |
| `resource_reads` | what Azure has of a resource, by azure-cmk |
| `azure_failures`, `cmk_resource` | failures of Azure; the base of the former resources |
| `arguments` | the arguments: how they are declared, read and checked, and each component's |
| `azure_native`, `service_plan` | azure-native's resources; what is known and decided about a service |
| `sdk` | the SDK beside its resources: its private parts, hooks, calls of functions |
"""
