"""The Language authoring API (analyze-conversations, 2023-04-01): projects as an account's data at rest.

Paths, verbs and fields are those of azure-ai-language-conversations 1.1.0; the answers themselves were never
recorded. Training and deployments are not modelled: they hold no data besides the project's.
"""

from typing import Any
from urllib.parse import quote

from localazure import operations
from localazure.cloud import Cloud, iso
from localazure.cognitive.data_access import Opened, enter
from localazure.cognitive.sealed import PROJECTS
from localazure.web import Json, Request, Response, ServiceError

PATH = "/language/authoring/analyze-conversations/projects"
READ, WRITE, DELETE = "projects/read", "projects/write", "projects/delete"
_SETTABLE = ("projectKind", "settings", "projectName", "multilingual", "description", "language")
_REQUIRED = ("projectName", "projectKind", "language")
_KINDS = ("Conversation", "Orchestration", "CustomConversation")
_PAGE = 100


def create_project(cloud: Cloud, request: Request) -> Response:
    """PATCH (merge): 201 for a new project, 200 for a changed one. Raises 400 naming all that is wrong."""
    entered, name = enter(cloud, request, WRITE), request.params["project"]
    known = PROJECTS.get(cloud, entered, name)
    sent = _checked(request.body, name)
    fields = {**(known["metadata"] if known else {}), **{k: v for k, v in sent.items() if v is not None}}
    if missing := [field for field in _REQUIRED if not fields.get(field)]:
        raise invalid(f"{', '.join(missing)} must be given.")
    now = cloud.clock.now()
    project = {"created": known["created"] if known else now, "modified": now, "metadata": fields}
    PROJECTS.put(cloud, entered, name, project)
    return Response(200 if known else 201, _body(project))


def get_project(cloud: Cloud, request: Request) -> Response:
    """A project. Raises 404 if it does not exist."""
    entered = enter(cloud, request, READ)
    return Response(200, _body(_require_project(cloud, entered, request.params["project"])))


def list_projects(cloud: Cloud, request: Request) -> Response:
    """The projects by name, a page of `top` (100) from `skip` on, with a nextLink where more follow."""
    entered = enter(cloud, request, READ)
    top, skip = _number(request, "top", _PAGE, least=1), _number(request, "skip", 0)
    found = sorted(
        PROJECTS.all_of(cloud, entered), key=lambda project: str(project["metadata"]["projectName"]).lower()
    )
    body: Json = {"value": [_body(project) for project in found[skip : skip + top]]}
    if skip + top < len(found):
        body["nextLink"] = f"{_url(request)}&top={top}&skip={skip + top}"
    return Response(200, body)


def delete_project(cloud: Cloud, request: Request) -> Response:
    """202 with the job to poll; the project is deleted at once."""
    entered, name = enter(cloud, request, DELETE), request.params["project"]
    _require_project(cloud, entered, name)
    PROJECTS.delete(cloud, entered, name)
    job = operations.begin(cloud, {"service": "language", "account": entered.account.id})
    return Response(202, None, {"operation-location": _url(request, f"/global/deletion-jobs/{job.id}")})


def deletion_job(cloud: Cloud, request: Request) -> Response:
    """The job of a deletion in this account, polled. Raises 404."""
    entered = enter(cloud, request, READ)
    job = operations.poll(cloud, request.params["job"])
    if job is None or job.about != {"service": "language", "account": entered.account.id}:
        raise ServiceError(404, "OperationNotFound", "The specified job was not found.")
    now = cloud.clock.now()
    done = job.done(now)
    body: Json = {
        "jobId": job.id,
        "createdDateTime": iso(job.started, digits=0),
        "lastUpdatedDateTime": iso(job.ends if done else now, digits=0),
        "expirationDateTime": iso(job.expires, digits=0),
        "status": "succeeded" if done else "running",
    }
    return Response(200, body)


def _require_project(cloud: Cloud, entered: Opened, name: str) -> Json:
    found = PROJECTS.get(cloud, entered, name)
    if found is None:
        raise ServiceError(404, "ProjectNotFound", "The specified project was not found.")
    return found


def _url(request: Request, below: str = "") -> str:
    """An address at the account's own endpoint below its projects, with the caller's api-version."""
    host = f"https://{request.label}.cognitiveservices.azure.com"
    return f"{host}{PATH}{quote(below)}?api-version={request.api_version}"


def invalid(message: str) -> ServiceError:
    """The 400 for an impossible project."""
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
