"""Pulumi's language hosts for machines that can download none: the set-up uses them where it builds the CLI.

Pulumi's releases have a host for Python beside the CLI, and the CLI downloads one for YAML. From Go modules
alone, which is all that some networks serve, neither comes: `language_host` is one for Python that runs what
this project runs, and `yaml_host` builds Pulumi's own for YAML, which tests alone need. Nobody who has
Pulumi's release meets either.
"""
