"""Resources in Azure as azure-cmk reads them, whichever provider makes them.

Owns: the question to azure-cmk and its answer. Does not own: what is asked about, nor what follows from it.
"""

from functools import partial

from components.cmk_resource import cmk_invoke_options
from components.sdk.hooks import read_in_hook
from components.sdk.invokes import InvokeError, invoke
from core.service.recorded import Answer

_GET_RESOURCES = "azure-cmk:index:getResources"


async def read_resource_in_hook(id: str) -> Answer:
    """A resource as Resource Manager describes it, from a hook; None if it does not exist. Raises InvokeError
    if it may not be read, or Azure gave no answer."""
    asks = partial(invoke, _GET_RESOURCES, resources=[{"id": id}])
    shown = (await read_in_hook(asks, _GET_RESOURCES, cmk_invoke_options())).get("resources")
    if not shown:
        raise InvokeError("the answer is empty")  # as Pulumi's mocks give it
    (answer,) = shown
    if why := answer.get("failed") or answer.get("unread"):
        raise InvokeError(why)
    found: Answer = answer.get("found")
    return found
