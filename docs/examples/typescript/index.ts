// A Language service under a customer-managed key, from a program of your own.
import * as cmk from "@language-cmk/language-cmk";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();

const claims = new cmk.EncryptedAIServicesAccount("claims", {
    location: "westeurope",
    accessModel: cmk.AccessModel.AccessPolicy,
    vault: { keyOperators: ["deployer"] },
    key: { generation: config.getNumber("generation") ?? 1 },
    network: { access: cmk.NetworkAccess.Open }, // for a first try: the default lets nobody in
    tags: { owner: "claims" },
}, { protect: config.getBoolean("protect") });

export const endpoint = claims.endpoint;
export const keyUriWithVersion = claims.keyUriWithVersion;
