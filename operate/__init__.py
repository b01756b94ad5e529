"""What people run besides `pulumi up`: `python -m operate COMMAND --stack NAME`.

Only disable-version and probe write to Azure, and fleet does through Pulumi.
"""
