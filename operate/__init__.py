"""What people run beside `pulumi up`: `python -m operate COMMAND --stack NAME`.

Owns: reading the live cloud (verify, evidence, adopt), cutting access without Pulumi (revoke-commands,
disable-version), and repairing a stack's state (recover). Only disable-version writes to Azure.
"""
