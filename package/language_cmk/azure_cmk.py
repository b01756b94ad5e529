"""The resources of the `azure-cmk` provider, for a program that composes the binding itself."""

from language_cmk.components.azure_cmk import CustomerManagedKey, KeyVersion

__all__ = ["CustomerManagedKey", "KeyVersion"]
