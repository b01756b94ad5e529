"""What components share when one program composes them one by one."""

from typing import TypeVar

from pulumi.runtime import get_root_resource

T = TypeVar("T")


def shared(kind: type[T]) -> T:
    """The one object of a kind in the program that runs, which its root resource holds. A component in
    another language has its own: its process knows no root."""
    root = get_root_resource()
    found: T = vars(root).setdefault(f"language-cmk {kind.__qualname__}", kind()) if root else kind()
    return found
