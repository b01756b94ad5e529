"""The jobs of the Language authoring API: what an accepted call answers, and what polling it answers."""

from __future__ import annotations

from urllib.parse import quote

from localazure import operations
from localazure.cloud import Cloud, iso
from localazure.cognitive.data_access import Opened
from localazure.web import Json, Request, Response, ServiceError

PROJECTS = "/language/authoring/analyze-conversations/projects"


def url(request: Request, below: str = "") -> str:
    """An address at the account's own endpoint below its projects, with the caller's api-version."""
    host = f"https://{request.label}.cognitiveservices.azure.com"
    return f"{host}{PROJECTS}{quote(below)}?api-version={request.api_version}"


def begin(cloud: Cloud, request: Request, opened: Opened, below: str) -> Response:
    """202 with `operation-location`: the job, `below` the projects (`/global/deletion-jobs`)."""
    about = {"service": "language", "account": opened.account.id}
    job = operations.begin(cloud, about)
    return Response(202, None, {"operation-location": url(request, f"{below}/{job.id}")})


def status(cloud: Cloud, request: Request, opened: Opened) -> Response:
    """A job of this account, polled. Raises 404."""
    job = operations.poll(cloud, request.params["job"])
    if job is None or job.about != {"service": "language", "account": opened.account.id}:
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
