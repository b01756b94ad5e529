"""What the two resources of this project's own provider, `azure-cmk`, have in common on the program's side.

Owns: the translation of names between Python and the wire.
"""

import re

import pulumi


class CmkResource(pulumi.CustomResource):
    """A resource of the `azure-cmk` provider: snake_case in Python, camelCase on the wire."""

    def translate_input_property(self, prop: str) -> str:
        """`key_id` as `keyId`."""
        return re.sub(r"_(\w)", lambda match: match[1].upper(), prop)

    def translate_output_property(self, prop: str) -> str:
        """`keyId` as `key_id`."""
        return re.sub(r"[A-Z]", lambda match: "_" + match[0].lower(), prop)
