"""Installs the Pulumi CLI and its Python language host on a machine, and builds a release.

Owns: finding or building the engine; the lists of packages; the artefacts. Does not own: the programs.
"""
