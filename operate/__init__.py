"""What people run besides `pulumi up`: `python -m operate COMMAND --stack NAME`.

Only disable-version writes to Azure, and fleet does through Pulumi.
"""
