"""The base class of every component here.

Owns: the form of type tokens, protection, and the options of children. A component protects resources that
cannot be restored (`ResourceOptions(protect=False)` turns that off) and is the parent of every child.

What the caller's options do: Pulumi hands `providers`, `aliases` and `transforms` on to the children, and
keeps `hooks` for the component itself. The engine ignores `depends_on`, `deleted_with`, `retain_on_delete`,
`custom_timeouts` and `ignore_changes` of a component (pulumi/pulumi#9704): the last is refused here, and the
others are handed on.

Each part has a function that makes its resources below any component (`make_vault` and the like), and a
component for programs that compose the part by itself. A service calls the functions: a component for every
part would double the resources of a stack for no benefit.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime import get_root_resource
from pulumi.runtime.proto import resource_pb2

from components.azure_failures import explaining_hooks
from components.azure_native import PACKAGE
from components.sdk.hooks import engine_has
from components.sdk.private import has_transforms
from core.resource_types import COMPONENTS, camel_case, parse_urn

ChildOptions = Callable[..., pulumi.ResourceOptions]
"""Makes the options of a child and adds the given ones: `Component.protected_child` or `Component.child`."""


def azure_provider(opts: pulumi.ResourceOptions | None) -> pulumi.ProviderResource | None:
    """The azure-native provider that a component's children will use; None if it is the default one."""
    if opts is None:
        return None
    listed = opts.providers or []
    given = list(listed.values()) if isinstance(listed, Mapping) else list(listed)
    own = next((one for one in [opts.provider, *given] if one and one.package == PACKAGE), None)
    # Only the package counts in the token.
    return own or (opts.parent.get_provider(f"{PACKAGE}:any:Any") if opts.parent else None)


def former_names(opts: pulumi.ResourceOptions | None) -> tuple[str, ...]:
    """The names that a component had before, according to its aliases."""
    aliases = [*(opts.aliases or ())] if opts else []
    names = [alias.name if isinstance(alias, pulumi.Alias) else alias for alias in aliases]
    return tuple(
        parse_urn(name).name if name.startswith("urn:") else name for name in names if isinstance(name, str)
    )


def may_be_transformed(component: pulumi.Resource | None) -> bool:
    """Whether a transform of the program may change what a component declares. Those of a program in another
    language, which has no stack here, are not seen: there, the hook before a write refuses what they would
    take away, and without that hook they may."""
    if not isinstance(component, Component):
        return True
    if get_root_resource() is None:
        return not engine_has(resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS)
    return bool(has_transforms(component) or component.given.transforms)


_CLAIMED: WeakKeyDictionary[pulumi.Resource, dict[tuple[str, str], pulumi.Resource]] = WeakKeyDictionary()
"""The components of each program, by class and logical name; a program is known by its root resource."""


class Component(pulumi.ComponentResource):
    """A component of this project, `language-cmk:index:<Class>`."""

    def __init__(
        self,
        name: str,
        opts: pulumi.ResourceOptions | None,
        shown: Mapping[str, Any] | None = None,
        after: Sequence[pulumi.Resource] = (),
        *,
        owns_vault: bool = False,
        before_update: pulumi.ResourceHook | None = None,
    ) -> None:
        """`shown` are the arguments that a preview shows with the component. They and `protect: false` tell
        the policy pack what the user intends (binding-protected, account-has-customer-key, grant-present).
        Each child comes after the resources in `after`. `owns_vault`: the component makes the vault of its
        key. The engine calls `before_update` about each child that changes."""
        self.claim(type(self).__name__, name)
        self._after, self._owns_vault, self._before_update = list(after), owns_vault, before_update
        self.given = opts = opts or pulumi.ResourceOptions()
        inherited = opts.parent.protects if isinstance(opts.parent, Component) else True
        # Not annotated in the class, because Pulumi takes annotated attributes for outputs.
        self.protects: bool = inherited if opts.protect is None else opts.protect
        self._explains: list[pulumi.ErrorHook] | None = None
        own = pulumi.ResourceOptions(protect=self.protects)
        if opts.ignore_changes:
            raise pulumi.InputPropertyError(
                "ignoreChanges",
                "a component has no changes of its own; to ignore changes of its resources, give these their "
                "ignore_changes by a transform",
            )
        super().__init__(
            f"{COMPONENTS}{type(self).__name__}",
            name,
            {**(shown or {}), **({} if self.protects else {"protect": False})},
            pulumi.ResourceOptions.merge(opts, own),
        )

    def claim(self, kind: str, name: str) -> None:
        """Takes a logical name for this component. Raises RunError if another one of its kind in the program
        has it: the engine lets them, under parents of other types, but knows hooks by their names alone
        (pulumi/pulumi, pkg/resource/deploy/resource_hooks.go), and so would fail in the middle of an update.
        """
        root = get_root_resource()
        if root is None:
            return
        if _CLAIMED.setdefault(root, {}).setdefault((kind, name), self) is not self:
            raise pulumi.RunError(
                f"this program makes two {kind} components named {name!r}, and their parents do not tell "
                f"them apart; give one of them another name, such as {f'team-{name}'!r}"
            )

    def outputs(self) -> dict[str, Any]:
        """The outputs that the class declares, by the names that other languages have for them."""
        return {camel_case(name): getattr(self, name) for name in inspect.get_annotations(type(self))}

    def child(self, **options: Any) -> pulumi.ResourceOptions:
        """Options of a child that can be made again."""
        return self._child(protect=False, options=options)

    def protected_child(self, **options: Any) -> pulumi.ResourceOptions:
        """Options of a child that holds data, or gives access to it."""
        return self._child(protect=self.protects, options=options)

    def _child(self, *, protect: bool, options: Mapping[str, Any]) -> pulumi.ResourceOptions:
        given = self.given
        handed_on = {
            "custom_timeouts": given.custom_timeouts,
            "deleted_with": given.deleted_with,
            "retain_on_delete": given.retain_on_delete,
        }
        own = {name: value for name, value in options.items() if value is not None}
        if self._explains is None:
            self._explains = explaining_hooks(
                f"{type(self).__name__} {self._name}", owns_vault=self._owns_vault
            )
        if self._explains:
            own.setdefault("hooks", pulumi.ResourceHookBinding(on_error=[*self._explains]))
        child = pulumi.ResourceOptions(parent=self, protect=protect, **{**handed_on, **own})
        if self._before_update:
            hooks = pulumi.ResourceHookBinding(before_update=[self._before_update])
            child = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(hooks=hooks))
        for after in (given.depends_on, self._after):
            if after:
                child = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=after))
        return child
