"""One service before and after a run, and the rules about it. Pure: no SDK, no client.

Four records say what is known of a service: what is desired, recorded and live, and where its key is. A rule
takes them together, and gives what is wrong with the way out. Imports run down, from row to row, or stay in
a row:

| rooms | content |
|---|---|
| `question` | what a program asks about its services before a run, and the answer |
| `rules` | a table of functions: every rule that refuses a service |
| `access`, `data_loss`, `drift`, `effects`, `existing_resources`, `soft_deleted` | the rules, by subject |
| `state` | the records of one service together, and what follows from them |
| `key_place` | where the desired key is, and who is to use it |
| `account` | the account before a run, and the key that it is bound to |
| `recorded` | a service in the stack's state |
| `outputs` | what a service tells its stack |
| `desired` | what the settings ask for |
| `problem` | a thing that is wrong |
"""
