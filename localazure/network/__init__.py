"""Microsoft.Network, as far as vaults and accounts need it for private networking.

Owns: virtual networks with their subnets, private endpoints, private DNS zones and their links. No packet
flows: addresses and names are given out, and nothing resolves or routes them.
"""
