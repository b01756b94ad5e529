"""What a component refuses because of what exists already: in the stack's state and in Azure.

| module | owns |
|---|---|
| `preflight` | the questions to state and Azure before anything is made, and what follows for each service |
| `recorded_state` | what the stack's state holds of a service |
| `existing_resources` | an existing vault, key or grant that a service would use |
| `soft_deleted` | names that soft-deleted vaults and accounts still hold |
| `data_loss` | changes of arguments that would lose the data, or access to it |
| `drift` | what was removed outside Pulumi |
| `access` | access that was removed outside Pulumi, in full or in part, or by `access: revoked` |
| `planned` | what a service is about to make, which the provider checks |
| `invokes` | calls of a provider's functions |

All but `preflight` and `invokes` are pure.
"""
