"""Microsoft.Network, as far as vaults and accounts need it for private networking.

Owns: virtual networks with their subnets, private endpoints, private DNS zones and their links. No packet
flows: resources get addresses and names, and nothing resolves or routes them.
"""
