"""How the Pulumi CLI and its Python language host are had on a machine, and how a release is built.

Owns: finding or building the engine; the lists of packages; the artefacts. Does not own: what these run.
"""
