"""How the Pulumi CLI and its Python language host are had on a machine.

Owns: finding or building the engine. Does not own: what it runs.
"""
