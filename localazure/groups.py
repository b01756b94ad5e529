"""Microsoft Graph's groups, and their members, also those of groups in them.

Source, read on 2026-11-30: learn.microsoft.com/graph/api/group-list-transitivemembers and group-post-groups.
Azure asks a reader for GroupMember.Read.All; here whoever made a group may read it.
"""

from localazure.cloud import Cloud
from localazure.refusals import refused
from localazure.routes import Route
from localazure.web import Host, Json, Request, Response

_KIND = "graphGroup"


def _make(cloud: Cloud, request: Request) -> Response:
    """A group with the members that `members@odata.bind` links to."""
    given, id = request.body or {}, cloud.new_id()
    members = [str(one).rpartition("/")[2] for one in given.get("members@odata.bind") or ()]
    shown = {"id": id, "displayName": given.get("displayName")}
    body = {**shown, "members": members, "owner": request.object_id}
    cloud.store.put(_KIND, id, body)
    return Response(201, shown)


def _members(cloud: Cloud, request: Request) -> Response:
    id = request.params["group"]
    group = cloud.store.get(_KIND, id)
    if group is None:
        raise refused("GroupMemberNotFound", id=id)
    if request.object_id != group["owner"]:
        raise refused("Authorization_RequestDenied")
    return Response(200, {"value": [{"id": one} for one in sorted(_all(cloud, group, {id}))]})


def _all(cloud: Cloud, group: Json, seen: set[str]) -> set[str]:
    """Its members and those of the groups among them, each once, even if groups contain each other."""
    found = set()
    for one in group["members"]:
        found.add(one)
        below = cloud.store.get(_KIND, one)
        if below is not None and one not in seen:
            found |= _all(cloud, below, seen | {one})
    return found


_ASSUMED = "all of it: made from the documentation; whoever made a group may read it, and nobody else"
ROUTES = (
    Route("POST", Host.GRAPH, "/v1.0/groups", "", _make, _ASSUMED),
    Route("GET", Host.GRAPH, "/v1.0/groups/{group}/transitiveMembers", "", _members, _ASSUMED),
)
