import com.azure.core.credential.TokenCredential;
import com.azure.core.exception.HttpResponseException;
import com.azure.core.management.AzureEnvironment;
import com.azure.core.management.Region;
import com.azure.core.management.exception.ManagementException;
import com.azure.core.management.profile.AzureProfile;
import com.azure.core.util.BinaryData;
import com.azure.identity.EnvironmentCredentialBuilder;
import com.azure.resourcemanager.authorization.AuthorizationManager;
import com.azure.resourcemanager.authorization.models.BuiltInRole;
import com.azure.resourcemanager.cognitiveservices.CognitiveServicesManager;
import com.azure.resourcemanager.cognitiveservices.models.AccountProperties;
import com.azure.resourcemanager.cognitiveservices.models.Encryption;
import com.azure.resourcemanager.cognitiveservices.models.Identity;
import com.azure.resourcemanager.cognitiveservices.models.KeySource;
import com.azure.resourcemanager.cognitiveservices.models.KeyVaultProperties;
import com.azure.resourcemanager.cognitiveservices.models.ResourceIdentityType;
import com.azure.resourcemanager.cognitiveservices.models.Sku;
import com.azure.resourcemanager.keyvault.KeyVaultManager;
import com.azure.resourcemanager.keyvault.models.KeyPermissions;
import com.azure.resourcemanager.keyvault.models.Vault;
import com.azure.resourcemanager.resources.ResourceManager;
import com.azure.security.keyvault.keys.KeyClient;
import com.azure.security.keyvault.keys.KeyClientBuilder;
import com.azure.security.keyvault.keys.models.CreateRsaKeyOptions;
import com.azure.security.keyvault.keys.models.KeyOperation;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/**
 * The life of an account and its key, through Azure's own clients for Java: Life NAME ACCESS DEPLOYER.
 * Prints one JSON object per step. ACCESS is {@code policy} or {@code role}; DEPLOYER is the object id of the login.
 */
public final class Life {
    private static final Region LOCATION = Region.EUROPE_WEST;
    private static final String KEY = "cmk";

    private final boolean byRole;
    private final String deployer;
    private final String group;
    private final String account;

    private final TokenCredential credential = new EnvironmentCredentialBuilder().build();
    private final AzureProfile profile = new AzureProfile(AzureEnvironment.AZURE);
    private final ResourceManager resources =
            ResourceManager.authenticate(credential, profile).withDefaultSubscription();
    private final KeyVaultManager keyVault = KeyVaultManager.authenticate(credential, profile);
    private final AuthorizationManager authorization = AuthorizationManager.authenticate(credential, profile);
    private final CognitiveServicesManager cognitive = CognitiveServicesManager.authenticate(credential, profile);

    private Vault vault;
    private String principal;
    private String assignment;

    private Life(String name, String access, String deployer) {
        this.byRole = access.equals("role");
        this.deployer = deployer;
        this.group = "rg-" + name;
        this.account = "lang-" + name;
    }

    public static void main(String[] arguments) {
        new Life(arguments[0], arguments[1], arguments[2]).live("kv-" + arguments[0]);
    }

    private void live(String vaultName) {
        var made = resources.resourceGroups().define(group).withRegion(LOCATION).create();
        say("create group", "state", made.provisioningState());

        vault = makeVault(vaultName, true);
        say("create vault",
                "softDelete", vault.softDeleteEnabled(),
                "purgeProtection", vault.purgeProtectionEnabled(),
                "rbac", vault.roleBasedAccessControlEnabled());
        var keys = keysOf(vault);
        var first = keys.createRsaKey(new CreateRsaKeyOptions(KEY)
                .setKeySize(2048)
                .setKeyOperations(KeyOperation.WRAP_KEY, KeyOperation.UNWRAP_KEY));
        say("create key", "key", first.getId(), "bits", 8 * first.getKey().getN().length);

        var created = cognitive.accounts()
                .define(account)
                .withExistingResourceGroup(group)
                .withRegion(LOCATION)
                .withKind("TextAnalytics")
                .withSku(new Sku().withName("S"))
                .withIdentity(new Identity().withType(ResourceIdentityType.SYSTEM_ASSIGNED))
                .withProperties(new AccountProperties().withCustomSubDomainName(account))
                .create();
        principal = created.identity().principalId();
        say("create account", "state", created.properties().provisioningState().toString(), "principal", principal);

        grant();
        say("grant access");
        bind(first.getProperties().getVersion());
        sayBinding("bind");

        var second = keys.rotateKey(KEY);
        say("rotate key", "key", second.getId());
        bind(second.getProperties().getVersion());
        sayBinding("bind to the new version");

        var otherVault = makeVault(vaultName + "-2", false);
        var otherKeys = keysOf(otherVault);
        var backup = keys.backupKey(KEY);
        otherKeys.restoreKeyBackup(backup);
        var versions = otherKeys.listPropertiesOfKeyVersions(KEY).stream().map(version -> version.getId()).toList();
        say("restore key from backup", "versions", versions);
        refused("restore key where it is", () -> otherKeys.restoreKeyBackup(backup));

        revoke();
        say("revoke access");
        refused("bind without access", () -> bind(first.getProperties().getVersion()));
        grant();
        say("restore access");
        bind(second.getProperties().getVersion());
        sayBinding("bind again");

        encrypt(new Encryption().withKeySource(KeySource.MICROSOFT_COGNITIVE_SERVICES));
        sayBinding("unbind");

        cognitive.accounts().deleteByResourceGroup(group, account);
        cognitive.deletedAccounts().purge(LOCATION.name(), group, account);
        var deletedAccounts = cognitive.deletedAccounts().list().stream().map(found -> found.name()).toList();
        say("delete and purge account", "left", deletedAccounts);

        var deletion = keys.beginDeleteKey(KEY).setPollInterval(Duration.ofMillis(10));
        deletion.waitForCompletion();
        say("delete key", "recoveryId", deletion.poll().getValue().getRecoveryId());
        refused("purge key", () -> keys.purgeDeletedKey(KEY));

        keyVault.vaults().deleteById(vault.id());
        keyVault.vaults().deleteById(otherVault.id());
        keyVault.vaults().purgeDeleted(otherVault.name(), LOCATION.name());
        say("delete vaults", "left", keyVault.vaults().listDeleted().stream().map(found -> found.name()).toList());
        refused("purge vault", () -> keyVault.vaults().purgeDeleted(vault.name(), LOCATION.name()));

        resources.resourceGroups().deleteByName(group);
        say("delete group", "left", resources.resourceGroups().list().stream().map(found -> found.name()).toList());
    }

    private Vault makeVault(String name, boolean isProtected) {
        var blank = keyVault.vaults().define(name).withRegion(LOCATION).withExistingResourceGroup(group);
        var definition = byRole
                ? blank.withRoleBasedAccessControl()
                : blank.defineAccessPolicy().forObjectId(deployer).allowKeyAllPermissions().attach();
        return isProtected ? definition.withPurgeProtectionEnabled().create() : definition.create();
    }

    private KeyClient keysOf(Vault of) {
        return new KeyClientBuilder().vaultUrl(of.vaultUri()).credential(credential).buildClient();
    }

    /** Gives the account's identity the use of the key. */
    private void grant() {
        if (byRole) {
            assignment = authorization.roleAssignments()
                    .define(UUID.randomUUID().toString())
                    .forObjectId(principal)
                    .withBuiltInRole(BuiltInRole.fromString("Key Vault Crypto Service Encryption User"))
                    .withScope(vault.id())
                    .create()
                    .id();
        } else {
            vault.update()
                    .defineAccessPolicy()
                    .forObjectId(principal)
                    .allowKeyPermissions(KeyPermissions.GET, KeyPermissions.WRAP_KEY, KeyPermissions.UNWRAP_KEY)
                    .attach()
                    .apply();
        }
    }

    private void revoke() {
        if (byRole) {
            authorization.roleAssignments().deleteById(assignment);
        } else {
            vault.update().withoutAccessPolicy(principal).apply();
        }
    }

    private void bind(String version) {
        var key = new KeyVaultProperties()
                .withKeyVaultUri(vault.vaultUri())
                .withKeyName(KEY)
                .withKeyVersion(version);
        encrypt(new Encryption().withKeySource(KeySource.MICROSOFT_KEY_VAULT).withKeyVaultProperties(key));
    }

    private void encrypt(Encryption encryption) {
        cognitive.accounts()
                .getByResourceGroup(group, account)
                .update()
                .withProperties(new AccountProperties().withEncryption(encryption))
                .apply();
    }

    /** What the account itself says of its encryption. */
    private void sayBinding(String step) {
        var encryption = cognitive.accounts().getByResourceGroup(group, account).properties().encryption();
        var key = encryption.keyVaultProperties();
        var id = key == null ? null : key.keyVaultUri() + "keys/" + key.keyName() + "/" + key.keyVersion();
        say(step, "keySource", encryption.keySource().toString(), "key", id);
    }

    private static void refused(String step, Runnable call) {
        try {
            call.run();
            say(step, "refused", null);
        } catch (ManagementException error) {
            say(step, "refused", error.getValue().getCode());
        } catch (HttpResponseException error) {
            var answer = (Map<?, ?>) error.getValue();
            say(step, "refused", ((Map<?, ?>) answer.get("error")).get("code"));
        }
    }

    /** Prints a step and its facts, which are given as names and values in turn. */
    private static void say(String step, Object... facts) {
        Map<String, Object> line = new LinkedHashMap<>(Map.of("step", step));
        for (var at = 0; at < facts.length; at += 2) {
            line.put((String) facts[at], facts[at + 1]);
        }
        System.out.println(BinaryData.fromObject(line));
    }
}
