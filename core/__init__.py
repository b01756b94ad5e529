"""The facts of the field, each written down once: pure functions and frozen data, standard library only.

| module | owns |
|---|---|
| `arm_ids` | Resource Manager ids: parsed, compared, which scope covers which resource |
| `key_uris` | key URIs and vault URIs: parsed, compared |
| `clouds` | endpoints, token scopes and DNS suffixes of each Azure cloud |
| `regions` | the regions of each cloud and their spellings |
| `roles` | built-in roles that matter to a key, with what they allow |
| `facts` | what was read or stated about accounts, vaults, keys and grants, as frozen models |
| `audit_log` | names in Key Vault's audit log |
| `adapters` | those facts, from the JSON of Resource Manager, of an SDK, of a state, a program or a preview |
| `values` | one property's value: known, unknown, secret or absent |
| `records` | records as text, between processes |
| `stack` | the resources of a stack at one moment, and which belong together |
| `grants` | who may do what on a key, where, and what of it is not certain |
| `protection` | which key each account uses, through whom, and which grants reach it |
| `judgements` | the demands, judged of resources of a stack |
| `rights` | what a grant gives on a key, and whether it is what the service needs |
| `kinds` | the kinds of accounts: tiers, identities, zones, roles of callers |
| `kind_limits` | what an account of a kind cannot have |
| `coverage` | what the key of an account covers, and what a revocation does, by kind |
| `calls` | how an account is called, by kind |
| `demands` | what the service demands of account, vault and key |
| `refusals` | what Azure's refusals mean: retry, wait, or give up |
| `login` | the settings and environment variables of a login, in azure-native's order |
| `resource_types` | URNs, Pulumi type tokens and the Azure resource each token stands for |

Everything but the local Azure may import this package; it imports nothing of the project. The local Azure
puts the rest to the test, so it shares no code with it. The JSON files are tables of Azure's facts (roles,
kinds, types, clouds, settings of a login, codes of refusals), each with its sources and the day on which they
were read. docs/azure-facts.md lists the other facts about Azure by module, each with its source and its day.
"""
