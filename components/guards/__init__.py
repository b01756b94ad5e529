"""The refusals of a component that follow from the stack's state and from Azure.

Look, judge, decide. Imports run down, from row to row:

| rooms | content |
|---|---|
| `reader` | the one place that asks the engine and Azure |
| `rules` | two tables: the rules that refuse a service, and the notes |
| `plan` | decisions: which resources are kept, taken over, waited for and recovered |
| `effects` | a preview's last line about an account's data |
| `access`, `data_loss`, `drift`, `existing_resources` | rules, by subject |
| `situation` | one service as it is declared, as the state has it, and as Azure has it |
| `key_place` | the place of its key |
| `soft_deleted` | names that soft-deleted resources hold |
| `recorded_state` | the state of a service |

All but `reader` are pure. `preflight`, beside this folder, calls them in order and refuses all problems at
once.

A run repairs only common states that it knows for certain: it takes over the account's own access policy if
an update made it and was cut off, and the key of its name in a vault that it made. It refuses rare states,
and those that somebody may want, with the command that leads out: access that was removed, an account, a
vault, a role or a key operator's access that this stack does not record, a resource that is gone or
soft-deleted.
"""
