"""A program with folders of its own that are named as this project's are."""

import pulumi
from components.claims import claims
from core.names import SERVICE

service = claims()
pulumi.export("services", {SERVICE: service.outputs()})
