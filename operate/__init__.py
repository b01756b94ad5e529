"""The commands that people run besides `pulumi up`: `python -m operate COMMAND --stack NAME`.

Two of them write to Azure by themselves, `disable-version` and `revoke --drill`; `fleet` writes through
Pulumi.
"""
