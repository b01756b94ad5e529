"""What a user composes: encrypted AI services accounts and the parts that they are made of.

| where | what |
|---|---|
| `service`, `service_args`, `service_parts` | a whole service, its arguments, and the order of its parts |
| `account_args`, `encryption_args` | its arguments by what they are about; an account takes the first |
| `vault`, `key`, `identity`, `account`, ... | the parts, each with its arguments and its component |
| `arguments/` | how arguments are declared, read and checked |
| `guards/` | what is refused because of what exists |
| `component`, `host` | what components have in common, and how other languages use them |
"""
