"""Microsoft.CognitiveServices: accounts in ARM, and the Language endpoint that keeps their data.

Owns: accounts, their managed identity, their encryption and its history, and their data.
"""

from localazure.cognitive.deleted import delete_in_group

__all__ = ["delete_in_group"]
