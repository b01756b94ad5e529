"""The policy pack of the installed package: serves the engine until it ends."""

from language_cmk.core.garbage import collect_seldom
from language_cmk.policies.analyzer import PACK_NAME, make_policies
from pulumi_policy import PolicyPack

collect_seldom()
PolicyPack(PACK_NAME, make_policies())
