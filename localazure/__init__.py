"""A local Azure: login, ARM, Key Vault and Language endpoints on loopback.

Owns: every answer an Azure client gets when `make env` is in force.
Does not own: the program, the provider or the policies; none of them knows it exists.
"""
