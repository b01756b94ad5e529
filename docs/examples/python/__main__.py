"""A Language service under a customer-managed key, from a program of your own."""

import pulumi
import pulumi_language_cmk as cmk

config = pulumi.Config()

claims = cmk.EncryptedAIServicesAccount(
    "claims",
    location="westeurope",
    access_model=cmk.AccessModel.ACCESS_POLICY,
    vault=cmk.ServiceVaultArgs(key_operators=["deployer"]),
    key=cmk.ServiceKeyArgs(generation=config.get_int("generation") or 1),
    network=cmk.NetworkArgs(access=cmk.NetworkAccess.OPEN),  # for a first try: the default lets nobody in
    tags={"owner": "claims"},
    opts=pulumi.ResourceOptions(protect=config.get_bool("protect")),
)

pulumi.export("endpoint", claims.endpoint)
pulumi.export("keyUriWithVersion", claims.key_uri_with_version)
