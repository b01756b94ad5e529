"""Drops the API-version aliases that the azure-native SDK adds to each resource.

It adds 17 to 25 aliases such as `azure-native:keyvault/v20230201:Vault`; resolving them takes nearly all the
time of a large preview. Only a state with versioned types needs them. This project's own versioned
types have the version that is declared now (key_vault_types.py): whoever raises it adds an alias for the
version before, and lets that alias through here.
"""

import re

import pulumi

_VERSIONED_TYPE = re.compile(r"azure-native:[a-z0-9]+/v\d{8}(preview|privatepreview)?:\w+", re.IGNORECASE)


def is_version_alias(alias: object) -> bool:
    """Whether an alias only renames the type to one of another API version."""
    if not isinstance(alias, pulumi.Alias) or not isinstance(alias.type_, str):
        return False
    # The SDK marks an alias's unset fields with an ellipsis, which its types do not show.
    others: tuple[object, ...] = (alias.name, alias.parent, alias.project, alias.stack)
    says_more = any(part is not ... for part in others)
    return not says_more and _VERSIONED_TYPE.fullmatch(alias.type_) is not None


def drop_version_aliases(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
    """A transformation: the same resource without version aliases; every other alias stays."""
    opts = args.opts._copy()  # noqa: SLF001 - merge() would append the aliases that must go
    opts.aliases = [alias for alias in opts.aliases or () if not is_version_alias(alias)]
    return pulumi.ResourceTransformationResult(args.props, opts)
