"""What a component refuses because of what exists already: in the stack's state and in Azure.

Look, judge, decide. Imports run down, from row to row:

| rooms | what they own |
|---|---|
| `reader` | the one place that asks the engine and Azure |
| `rules` | the table of what a service is refused for, and that of what is told |
| `plan` | what is kept, taken over, waited for and recovered |
| `effects` | the line with which a preview of an account's data ends |
| `access`, `data_loss`, `drift`, `existing_resources` | rules, by subject |
| `situation` | one service: what is declared, what the state has, what Azure has, and what follows |
| `key_place` | where its key is |
| `soft_deleted` | names that are held |
| `recorded_state` | the state of a service |

All but `reader` are pure. `preflight`, beside this folder, has the order of it all, and refuses every problem
at once.

A run repairs only what is common and certain, and says so: it takes over the account's own grant, which an
update that was cut off has made, and the key of its name in a vault that it has made; and it gives a new
identity of the account its access, before it writes the account. What is rare, or may be somebody's purpose,
is refused with the command that leads out: access that was removed, an account, a vault or a key operator's
access that this stack did not make, a thing that is gone.
"""
