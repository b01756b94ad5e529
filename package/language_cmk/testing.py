"""Pulumi's mocks with the answers that the components need, for unit tests of a program."""

from language_cmk.components.testing import AbsentError, AzureMocks, declared, existing_vault

__all__ = ["AbsentError", "AzureMocks", "declared", "existing_vault"]
