"""The commands that people run besides `pulumi up`: `python -m operate COMMAND --stack NAME`.

One of them writes to Azure by itself, `revoke --drill`; `fleet` writes through Pulumi.
"""
