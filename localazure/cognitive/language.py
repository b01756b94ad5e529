"""The Language authoring API (analyze-conversations, 2023-04-01): projects as an account's data at rest.

Paths, verbs and fields are those of azure-ai-language-conversations 1.1.0; the answers themselves were never
recorded. Training and deployments are not modelled: they hold no data that a project does not.
"""

from __future__ import annotations

from typing import Any

from localazure.cloud import Cloud, iso
from localazure.cognitive import jobs, projects
from localazure.cognitive.data_access import Opened, enter
from localazure.web import Json, Request, Response, ServiceError

READ, WRITE, DELETE = "projects/read", "projects/write", "projects/delete"
_SETTABLE = ("projectKind", "settings", "projectName", "multilingual", "description", "language")
_REQUIRED = ("projectName", "projectKind", "language")
_KINDS = ("Conversation", "Orchestration", "CustomConversation")
_PAGE = 100


def create_project(cloud: Cloud, request: Request) -> Response:
    """PATCH (merge): 201 for a new project, 200 for a changed one. Raises 400 naming all that is wrong."""
    opened = enter(cloud, request, WRITE)
    name = request.params["project"]
    known = projects.get(cloud, opened.account, opened.data_key, name)
    sent = _checked(request.body, name)
    fields = {**(known["metadata"] if known else {}), **{k: v for k, v in sent.items() if v is not None}}
    if missing := [field for field in _REQUIRED if not fields.get(field)]:
        raise invalid(f"{', '.join(missing)} must be given.")
    now = cloud.clock.now()
    project = {
        "created": known["created"] if known else now,
        "modified": now,
        "metadata": {name: fields[name] for name in _SETTABLE if name in fields},
        "assets": known["assets"] if known else None,
    }
    projects.put(cloud, opened.account, opened.data_key, name, project)
    return Response(200 if known else 201, _body(project))


def get_project(cloud: Cloud, request: Request) -> Response:
    """A project. Raises 404 if it does not exist."""
    opened = enter(cloud, request, READ)
    return Response(200, _body(require_project(cloud, opened, request.params["project"])))


def list_projects(cloud: Cloud, request: Request) -> Response:
    """The projects by name, a page of `top` (100) from `skip` on, with a nextLink where more follow."""
    opened = enter(cloud, request, READ)
    top, skip = _number(request, "top", _PAGE, least=1), _number(request, "skip", 0)
    found = sorted(
        projects.all_of(cloud, opened.account, opened.data_key),
        key=lambda project: str(project["metadata"]["projectName"]).lower(),
    )
    body: Json = {"value": [_body(project) for project in found[skip : skip + top]]}
    if skip + top < len(found):
        body["nextLink"] = f"{jobs.url(request)}&top={top}&skip={skip + top}"
    return Response(200, body)


def delete_project(cloud: Cloud, request: Request) -> Response:
    """202 with the job to poll; the project is deleted at once."""
    opened = enter(cloud, request, DELETE)
    name = request.params["project"]
    require_project(cloud, opened, name)
    projects.delete(cloud, opened.account, opened.data_key, name)
    return jobs.begin(cloud, request, opened, "/global/deletion-jobs")


def deletion_job(cloud: Cloud, request: Request) -> Response:
    """The job of a deletion."""
    return jobs.status(cloud, request, enter(cloud, request, READ))


def require_project(cloud: Cloud, opened: Opened, name: str) -> Json:
    """A project. Raises 404 where the account has none of this name."""
    found = projects.get(cloud, opened.account, opened.data_key, name)
    if found is None:
        raise ServiceError(404, "ProjectNotFound", "The specified project was not found.")
    return found


def invalid(message: str) -> ServiceError:
    """The 400 for a project that cannot be."""
    return ServiceError(400, "InvalidArgument", message)


def _checked(sent: Json, name: str) -> dict[str, Any]:
    """The settable fields of a project that a body names. Raises 400 naming all that is wrong with them."""
    if not isinstance(sent, dict):
        raise invalid("the project must be a JSON object.")
    problems = []
    if str(sent.get("projectName", name)).lower() != name.lower():
        problems.append(f"projectName is '{sent['projectName']}', the path says '{name}'")
    if "projectKind" in sent and sent["projectKind"] not in _KINDS:
        problems.append(f"projectKind is '{sent['projectKind']}', it can be {', '.join(_KINDS)}")
    if problems:
        raise invalid("; ".join(problems) + ".")
    return {field: sent[field] for field in _SETTABLE if field in sent}


def _body(project: Json) -> Json:
    return {
        "createdDateTime": iso(project["created"], digits=0),
        "lastModifiedDateTime": iso(project["modified"], digits=0),
        **project["metadata"],
    }


def _number(request: Request, name: str, default: int, *, least: int = 0) -> int:
    value = request.query.get(name, str(default))
    if not value.isdecimal() or int(value) < least:
        raise invalid(f"{name} is '{value}', it must be a whole number from {least} on.")
    return int(value)
