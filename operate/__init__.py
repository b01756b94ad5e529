"""What people run beside `pulumi up`: `python -m operate COMMAND --stack NAME`.

Owns: reading the live cloud (verify, evidence, adopt), cutting access without Pulumi (revoke-commands,
disable-version), repairing a stack's state (recover), and asking a subscription which Azure it is (probe).
Only disable-version and probe write to Azure.
"""
