"""Microsoft.Network, as far as vaults and accounts need it for private networking.

Owns: virtual networks with their subnets, private endpoints, private DNS zones and their links. No packet
flows: addresses and names are given out, and nothing resolves or routes them.
"""

from localazure.network.lifecycle import delete_in_group

__all__ = ["delete_in_group"]
