"""A stand-in for the azure-native provider plugin, for machines where the plugin is not available.

Behaves as pulumi-azure-native 3.29 does for the resource types of `table.py`; it has no rule of Azure's.
"""
