"""The policy pack: what a stack may and may not do with vaults, keys and Azure AI accounts."""
