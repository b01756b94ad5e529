"""Taking a service's access to its key away at once, without Pulumi: the commands, for the stack in hand.

Owns: which commands they are, for az, for Azure PowerShell and as the REST calls they stand for. Does not
own: running them; a person does that, and this project has never run az or Azure PowerShell.
"""
