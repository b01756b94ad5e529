"""Microsoft.CognitiveServices: accounts in ARM, and the Language endpoint that keeps their data.

Owns: accounts, their managed identity, their encryption and its history, and their data.
"""
