"""The policy pack: what a stack may and may not do with vaults, keys and Azure AI accounts.

Owns: the rules, how they are asked, how they report. Does not own: deploying anything, reading Azure.
"""
