// The life of an account and its key, through Azure's own clients for JavaScript: life.js NAME ACCESS DEPLOYER.
// Prints one JSON object per step. ACCESS is `policy` or `role`; DEPLOYER is the object id of the login.
import { randomUUID } from "node:crypto";
import { AuthorizationManagementClient } from "@azure/arm-authorization";
import { CognitiveServicesManagementClient } from "@azure/arm-cognitiveservices";
import { KeyVaultManagementClient } from "@azure/arm-keyvault";
import { ResourceManagementClient } from "@azure/arm-resources";
import { EnvironmentCredential } from "@azure/identity";
import { KeyClient } from "@azure/keyvault-keys";

const [name, access, deployer] = process.argv.slice(2);
const subscription = process.env.AZURE_SUBSCRIPTION_ID;
const tenantId = process.env.AZURE_TENANT_ID;
const location = "westeurope";
const group = `rg-${name}`;
const accountName = `lang-${name}`;
const vaultName = `kv-${name}`;
const otherVaultName = `kv-${name}-2`;
const keyName = "cmk";
// Key Vault Crypto Service Encryption User
const role = `/subscriptions/${subscription}/providers/Microsoft.Authorization/roleDefinitions/e147488a-f6f5-4113-8e2d-b22465e65bf6`;
const soon = { updateIntervalInMs: 10 };

const credential = new EnvironmentCredential();
const { resourceGroups } = new ResourceManagementClient(credential, subscription);
const { vaults } = new KeyVaultManagementClient(credential, subscription);
const { accounts, deletedAccounts } = new CognitiveServicesManagementClient(credential, subscription);
const { roleAssignments } = new AuthorizationManagementClient(credential, subscription);

function say(step, facts = {}) {
  console.log(JSON.stringify({ step, ...facts }));
}

async function refused(step, call) {
  try {
    await call();
    say(step, { refused: null });
  } catch (error) {
    say(step, { refused: error.code ?? String(error) });
  }
}

async function all(pages, pick) {
  const found = [];
  for await (const item of pages) found.push(pick(item));
  return found;
}

function makeVault(vault, isProtected) {
  return vaults.createOrUpdate(
    group,
    vault,
    {
      location,
      properties: {
        tenantId,
        sku: { family: "A", name: "standard" },
        enableRbacAuthorization: access === "role",
        softDeleteRetentionInDays: 7,
        accessPolicies: [{ tenantId, objectId: deployer, permissions: { keys: ["all", "purge"] } }],
        ...(isProtected && { enablePurgeProtection: true }),
      },
    },
    soon,
  );
}

function changePolicy(operation, objectId) {
  const entry = { tenantId, objectId, permissions: { keys: ["get", "wrapKey", "unwrapKey"] } };
  return vaults.updateAccessPolicy(group, vaultName, operation, { properties: { accessPolicies: [entry] } });
}

/** Gives the account's identity the use of the key; returns what takes it away again. */
async function grant(principalId) {
  if (access === "policy") {
    await changePolicy("add", principalId);
    return () => changePolicy("remove", principalId);
  }
  const made = await roleAssignments.create(vault.id, randomUUID(), {
    roleDefinitionId: role,
    principalId,
    principalType: "ServicePrincipal",
  });
  return () => roleAssignments.deleteById(made.id);
}

function encrypt(encryption) {
  return accounts.beginUpdateAndWait(group, accountName, { properties: { encryption } }, soon);
}

function bind(keyVersion) {
  const keyVaultProperties = { keyVaultUri: vault.properties.vaultUri, keyName, keyVersion };
  return encrypt({ keySource: "Microsoft.KeyVault", keyVaultProperties });
}

/** What the account itself says of its encryption. */
async function sayBinding(step) {
  const { keySource, keyVaultProperties: key } = (await accounts.get(group, accountName)).properties.encryption;
  say(step, { keySource, key: key ? `${key.keyVaultUri}keys/${key.keyName}/${key.keyVersion}` : null });
}

const made = await resourceGroups.createOrUpdate(group, { location });
say("create group", { state: made.properties.provisioningState });

const vault = await makeVault(vaultName, true);
say("create vault", {
  softDelete: vault.properties.enableSoftDelete,
  purgeProtection: vault.properties.enablePurgeProtection,
  rbac: vault.properties.enableRbacAuthorization,
});
const keys = new KeyClient(vault.properties.vaultUri, credential);
const first = await keys.createRsaKey(keyName, { keySize: 2048, keyOps: ["wrapKey", "unwrapKey"] });
say("create key", { key: first.id, bits: 8 * first.key.n.length });

const account = await accounts.beginCreateAndWait(
  group,
  accountName,
  {
    location,
    kind: "TextAnalytics",
    sku: { name: "S" },
    identity: { type: "SystemAssigned" },
    properties: { customSubDomainName: accountName },
  },
  soon,
);
const principal = account.identity.principalId;
say("create account", { state: account.properties.provisioningState, principal });

let revoke = await grant(principal);
say("grant access");
await bind(first.properties.version);
await sayBinding("bind");

const second = await keys.rotateKey(keyName);
say("rotate key", { key: second.id });
await bind(second.properties.version);
await sayBinding("bind to the new version");

const otherVault = await makeVault(otherVaultName, false);
const otherKeys = new KeyClient(otherVault.properties.vaultUri, credential);
const backup = await keys.backupKey(keyName);
await otherKeys.restoreKeyBackup(backup);
say("restore key from backup", {
  versions: await all(otherKeys.listPropertiesOfKeyVersions(keyName), (version) => version.id),
});
await refused("restore key where it is", () => otherKeys.restoreKeyBackup(backup));

await revoke();
say("revoke access");
await refused("bind without access", () => bind(first.properties.version));
revoke = await grant(principal);
say("restore access");
await bind(second.properties.version);
await sayBinding("bind again");

await encrypt({ keySource: "Microsoft.CognitiveServices" });
await sayBinding("unbind");

await accounts.beginDeleteAndWait(group, accountName, soon);
await deletedAccounts.beginPurgeAndWait(location, group, accountName, soon);
say("delete and purge account", { left: await all(deletedAccounts.list(), (found) => found.name) });

const deletion = await keys.beginDeleteKey(keyName, { intervalInMs: 10 });
const deletedKey = await deletion.pollUntilDone();
say("delete key", { recoveryId: deletedKey.properties.recoveryId });
await refused("purge key", () => keys.purgeDeletedKey(keyName));

await vaults.delete(group, vaultName);
await vaults.delete(group, otherVaultName);
await vaults.purgeDeleted(otherVaultName, location, soon);
say("delete vaults", { left: await all(vaults.listDeleted(), (found) => found.name) });
await refused("purge vault", () => vaults.purgeDeleted(vaultName, location, soon));

await resourceGroups.beginDeleteAndWait(group, soon);
say("delete group", { left: await all(resourceGroups.list(), (found) => found.name) });
