"""Resources in Azure as azure-cmk reads them, whichever provider makes them.

Owns: the question to azure-cmk and its answer. Does not own: what is asked about, nor what follows from it.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from components.cmk_resource import cmk_invoke_options
from components.sdk.hooks import read_in_hook
from components.sdk.invokes import InvokeError, invoke
from core.service.recorded import Answer

EMPTY_ANSWER = "the answer is empty"
"""Why a resource counts as not read: Pulumi's mocks give empty answers."""
_GET_RESOURCES = "azure-cmk:index:getResources"


class ReadResource(NamedTuple):
    """A resource as Resource Manager describes it, None if it does not exist; or why it may not be read, and
    whether a role on the data of its vault would change that."""

    found: Answer
    unread: str = ""
    lacks_data_role: bool = False


async def read_resources(wanted: Sequence[Mapping[str, str | None]]) -> Sequence[ReadResource | InvokeError]:
    """The resources `wanted`, each by its `id` and an `apiVersion` (None for the usual one of its type), in
    their order. Raises InvokeError if azure-cmk gave no answer at all."""
    return _answers((await invoke(_GET_RESOURCES, cmk_invoke_options(), resources=wanted)), len(wanted))


async def read_resource_in_hook(id: str) -> Answer:
    """A resource, from a hook; None if it does not exist. Raises InvokeError if it may not be read."""
    asks = partial(invoke, _GET_RESOURCES, resources=[{"id": id}])
    (answer,) = _answers(await read_in_hook(asks, _GET_RESOURCES, cmk_invoke_options()), 1)
    if isinstance(answer, InvokeError):
        raise answer
    if answer.unread:
        raise InvokeError(answer.unread)
    return answer.found


def _answers(answer: Mapping[str, Any], count: int) -> Sequence[ReadResource | InvokeError]:
    shown = answer.get("resources")
    if not shown:
        return [ReadResource(None, EMPTY_ANSWER)] * count
    if len(shown) != count:
        raise InvokeError(
            f"azure-cmk answered about {len(shown)} of {count} resources; run the same command again, and if "
            "it ends the same way, compare the versions of azure-cmk and of this program"
        )
    return [_read_resource(one) for one in shown]


def _read_resource(answer: Mapping[str, Any]) -> ReadResource | InvokeError:
    if failed := answer.get("failed"):
        return InvokeError(failed)
    return ReadResource(answer.get("found"), answer.get("unread") or "", bool(answer.get("lacksDataRole")))
