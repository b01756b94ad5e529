"""Verdicts on what is below a Foundry account: projects, which hold data, and deployments of models.

A project goes with its agents, files and threads, which are made anew and not recovered (learn.microsoft.com/
azure/ai-foundry/how-to/agent-service-operator-disaster-recovery). A deployment holds no data.
"""

from collections.abc import Iterable, Iterator

from core.resource_types import Kind
from review import kind_verdicts, settings
from review.other_stacks import Found
from review.resource import ReviewedResource
from review.verdict import Name, Verdict

_BELOW = (Kind.PROJECT, Kind.DEPLOYMENT)


def verdicts(resources: Iterable[ReviewedResource]) -> Iterator[Found]:
    """Verdicts by the URN of the project or deployment. Nothing of those that go with their account, whose
    own verdict says so."""
    resources = tuple(resources)
    going = tuple(
        f"{one.live.id.rstrip('/').lower()}/"
        for one in resources
        if one.kind is Kind.ACCOUNT and one.goes and one.live and one.live.id
    )
    yield from kind_verdicts.below_accounts(resources)
    for one in resources:
        if one.kind in _BELOW and not (one.live and one.live.id.lower().startswith(going)):
            for verdict in _of(one):
                yield one.urn, verdict


def _of(one: ReviewedResource) -> Iterator[Verdict]:
    is_project = one.kind is Kind.PROJECT
    yield from settings.replacing(one if is_project else None)
    noun, gone = one.kind.value, "REPLACED by a new one" if one.replaced else "DELETED"
    if one.released:
        yield Verdict(Name.RELEASED, f"{noun} leaves the stack and stays in Azure as it is")
    elif one.goes and is_project:
        yield Verdict(Name.PROJECT_DELETED, f"{noun} {gone}: its agents, files and threads are lost")
    elif one.goes:
        yield Verdict(Name.CHANGED, f"{noun} {gone}: calls to it fail; it holds no data")
    elif one.recorded and one.live is None and is_project:
        again = "; it is made again, empty" if one.planned else ""
        yield Verdict(Name.ACCOUNT_GONE, f"{noun} was deleted outside Pulumi{again}")
