"""A Language service whose data at rest is under your own key."""

import pulumi
from service import service

claims = service()
# By service: `language-cmk verify` and its like read it.
pulumi.export("services", {"claims": claims.outputs()})
