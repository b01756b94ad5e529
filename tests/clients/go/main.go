// The life of an account and its key, through Azure's own clients for Go: life NAME ACCESS DEPLOYER.
// Prints one JSON object per step. ACCESS is `policy` or `role`; DEPLOYER is the object id of the login.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"os"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/cognitiveservices/armcognitiveservices"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/keyvault/armkeyvault"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armresources"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
	"github.com/google/uuid"
)

const (
	location = "westeurope"
	keyName  = "cmk"
	// Key Vault Crypto Service Encryption User
	role = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
)

type facts map[string]any

// life holds the clients and the names of one life.
type life struct {
	access, deployer, subscription, tenant   string
	group, account, vault, otherVault        string
	credential                               azcore.TokenCredential
	groups                                   *armresources.ResourceGroupsClient
	vaults                                   *armkeyvault.VaultsClient
	accounts                                 *armcognitiveservices.AccountsClient
	deletedAccounts                          *armcognitiveservices.DeletedAccountsClient
	roleAssignments                          *armauthorization.RoleAssignmentsClient
	vaultID, vaultURI, principal, assignment string
}

func main() {
	name, access, deployer := os.Args[1], os.Args[2], os.Args[3]
	credential := must(azidentity.NewEnvironmentCredential(nil))
	subscription := os.Getenv("AZURE_SUBSCRIPTION_ID")
	l := &life{
		access: access, deployer: deployer, subscription: subscription, tenant: os.Getenv("AZURE_TENANT_ID"),
		group: "rg-" + name, account: "lang-" + name, vault: "kv-" + name, otherVault: "kv-" + name + "-2",
		credential:      credential,
		groups:          must(armresources.NewResourceGroupsClient(subscription, credential, nil)),
		vaults:          must(armkeyvault.NewVaultsClient(subscription, credential, nil)),
		accounts:        must(armcognitiveservices.NewAccountsClient(subscription, credential, nil)),
		deletedAccounts: must(armcognitiveservices.NewDeletedAccountsClient(subscription, credential, nil)),
		roleAssignments: must(armauthorization.NewRoleAssignmentsClient(subscription, credential, nil)),
	}
	l.live(context.Background())
}

func (l *life) live(ctx context.Context) {
	group := must(l.groups.CreateOrUpdate(ctx, l.group, armresources.ResourceGroup{Location: to.Ptr(location)}, nil))
	say("create group", facts{"state": group.Properties.ProvisioningState})

	vault := l.makeVault(ctx, l.vault, true)
	l.vaultID, l.vaultURI = *vault.ID, *vault.Properties.VaultURI
	say("create vault", facts{
		"softDelete":      vault.Properties.EnableSoftDelete,
		"purgeProtection": vault.Properties.EnablePurgeProtection,
		"rbac":            vault.Properties.EnableRbacAuthorization,
	})
	keys := must(azkeys.NewClient(l.vaultURI, l.credential, nil))
	first := must(keys.CreateKey(ctx, keyName, azkeys.CreateKeyParameters{
		Kty:     to.Ptr(azkeys.KeyTypeRSA),
		KeySize: to.Ptr(int32(2048)),
		KeyOps:  to.SliceOfPtrs(azkeys.KeyOperationWrapKey, azkeys.KeyOperationUnwrapKey),
	}, nil)).Key
	say("create key", facts{"key": first.KID, "bits": 8 * len(first.N)})

	account := l.makeAccount(ctx)
	l.principal = *account.Identity.PrincipalID
	say("create account", facts{"state": account.Properties.ProvisioningState, "principal": l.principal})

	l.grant(ctx)
	say("grant access", nil)
	check(l.bind(ctx, first.KID.Version()))
	l.sayBinding(ctx, "bind")

	second := must(keys.RotateKey(ctx, keyName, nil)).Key
	say("rotate key", facts{"key": second.KID})
	check(l.bind(ctx, second.KID.Version()))
	l.sayBinding(ctx, "bind to the new version")

	other := l.makeVault(ctx, l.otherVault, false)
	otherKeys := must(azkeys.NewClient(*other.Properties.VaultURI, l.credential, nil))
	backup := must(keys.BackupKey(ctx, keyName, nil))
	restore := azkeys.RestoreKeyParameters{KeyBackup: backup.Value}
	must(otherKeys.RestoreKey(ctx, restore, nil))
	say("restore key from backup", facts{"versions": keyVersions(ctx, otherKeys)})
	_, err := otherKeys.RestoreKey(ctx, restore, nil)
	sayRefused("restore key where it is", err)

	l.revoke(ctx)
	say("revoke access", nil)
	sayRefused("bind without access", l.bind(ctx, first.KID.Version()))
	l.grant(ctx)
	say("restore access", nil)
	check(l.bind(ctx, second.KID.Version()))
	l.sayBinding(ctx, "bind again")

	check(l.encrypt(ctx, armcognitiveservices.Encryption{
		KeySource: to.Ptr(armcognitiveservices.KeySourceMicrosoftCognitiveServices),
	}))
	l.sayBinding(ctx, "unbind")

	wait(l.accounts.BeginDelete(ctx, l.group, l.account, nil))
	wait(l.deletedAccounts.BeginPurge(ctx, location, l.group, l.account, nil))
	say("delete and purge account", facts{"left": l.listDeletedAccounts(ctx)})

	deleted := must(keys.DeleteKey(ctx, keyName, nil))
	say("delete key", facts{"recoveryId": deleted.RecoveryID})
	_, err = keys.PurgeDeletedKey(ctx, keyName, nil)
	sayRefused("purge key", err)

	must(l.vaults.Delete(ctx, l.group, l.vault, nil))
	must(l.vaults.Delete(ctx, l.group, l.otherVault, nil))
	wait(l.vaults.BeginPurgeDeleted(ctx, l.otherVault, location, nil))
	say("delete vaults", facts{"left": l.listDeletedVaults(ctx)})
	_, err = l.vaults.BeginPurgeDeleted(ctx, l.vault, location, nil)
	sayRefused("purge vault", err)

	wait(l.groups.BeginDelete(ctx, l.group, nil))
	say("delete group", facts{"left": l.listGroups(ctx)})
}

func (l *life) makeVault(ctx context.Context, name string, protected bool) armkeyvault.Vault {
	properties := &armkeyvault.VaultProperties{
		TenantID:                  &l.tenant,
		SKU:                       &armkeyvault.SKU{Family: to.Ptr(armkeyvault.SKUFamilyA), Name: to.Ptr(armkeyvault.SKUNameStandard)},
		EnableRbacAuthorization:   to.Ptr(l.access == "role"),
		SoftDeleteRetentionInDays: to.Ptr(int32(7)),
		AccessPolicies: []*armkeyvault.AccessPolicyEntry{{
			TenantID: &l.tenant,
			ObjectID: &l.deployer,
			Permissions: &armkeyvault.Permissions{
				Keys: to.SliceOfPtrs(armkeyvault.KeyPermissionsAll, armkeyvault.KeyPermissionsPurge),
			},
		}},
	}
	if protected {
		properties.EnablePurgeProtection = to.Ptr(true)
	}
	parameters := armkeyvault.VaultCreateOrUpdateParameters{Location: to.Ptr(location), Properties: properties}
	return wait(l.vaults.BeginCreateOrUpdate(ctx, l.group, name, parameters, nil)).Vault
}

func (l *life) makeAccount(ctx context.Context) armcognitiveservices.Account {
	return wait(l.accounts.BeginCreate(ctx, l.group, l.account, armcognitiveservices.Account{
		Location:   to.Ptr(location),
		Kind:       to.Ptr("TextAnalytics"),
		SKU:        &armcognitiveservices.SKU{Name: to.Ptr("S")},
		Identity:   &armcognitiveservices.Identity{Type: to.Ptr(armcognitiveservices.ResourceIdentityTypeSystemAssigned)},
		Properties: &armcognitiveservices.AccountProperties{CustomSubDomainName: &l.account},
	}, nil)).Account
}

// grant gives the account's identity the use of the key.
func (l *life) grant(ctx context.Context) {
	if l.access == "policy" {
		l.changePolicy(ctx, armkeyvault.AccessPolicyUpdateKindAdd)
		return
	}
	roleID := "/subscriptions/" + l.subscription + "/providers/Microsoft.Authorization/roleDefinitions/" + role
	made := must(l.roleAssignments.Create(ctx, l.vaultID, uuid.NewString(), armauthorization.RoleAssignmentCreateParameters{
		Properties: &armauthorization.RoleAssignmentProperties{
			RoleDefinitionID: &roleID,
			PrincipalID:      &l.principal,
			PrincipalType:    to.Ptr(armauthorization.PrincipalTypeServicePrincipal),
		},
	}, nil))
	l.assignment = *made.ID
}

func (l *life) revoke(ctx context.Context) {
	if l.access == "policy" {
		l.changePolicy(ctx, armkeyvault.AccessPolicyUpdateKindRemove)
		return
	}
	must(l.roleAssignments.DeleteByID(ctx, l.assignment, nil))
}

func (l *life) changePolicy(ctx context.Context, operation armkeyvault.AccessPolicyUpdateKind) {
	entry := armkeyvault.AccessPolicyEntry{
		TenantID: &l.tenant,
		ObjectID: &l.principal,
		Permissions: &armkeyvault.Permissions{Keys: to.SliceOfPtrs(
			armkeyvault.KeyPermissionsGet, armkeyvault.KeyPermissionsWrapKey, armkeyvault.KeyPermissionsUnwrapKey,
		)},
	}
	must(l.vaults.UpdateAccessPolicy(ctx, l.group, l.vault, operation, armkeyvault.VaultAccessPolicyParameters{
		Properties: &armkeyvault.VaultAccessPolicyProperties{AccessPolicies: []*armkeyvault.AccessPolicyEntry{&entry}},
	}, nil))
}

func (l *life) bind(ctx context.Context, version string) error {
	return l.encrypt(ctx, armcognitiveservices.Encryption{
		KeySource: to.Ptr(armcognitiveservices.KeySourceMicrosoftKeyVault),
		KeyVaultProperties: &armcognitiveservices.KeyVaultProperties{
			KeyVaultURI: &l.vaultURI, KeyName: to.Ptr(keyName), KeyVersion: &version,
		},
	})
}

func (l *life) encrypt(ctx context.Context, encryption armcognitiveservices.Encryption) error {
	poller, err := l.accounts.BeginUpdate(ctx, l.group, l.account, armcognitiveservices.Account{
		Properties: &armcognitiveservices.AccountProperties{Encryption: &encryption},
	}, nil)
	if err != nil {
		return err
	}
	_, err = poller.PollUntilDone(ctx, soon)
	return err
}

// sayBinding prints what the account itself says of its encryption.
func (l *life) sayBinding(ctx context.Context, step string) {
	encryption := must(l.accounts.Get(ctx, l.group, l.account, nil)).Properties.Encryption
	var key any
	if p := encryption.KeyVaultProperties; p != nil {
		key = *p.KeyVaultURI + "keys/" + *p.KeyName + "/" + *p.KeyVersion
	}
	say(step, facts{"keySource": encryption.KeySource, "key": key})
}

func keyVersions(ctx context.Context, keys *azkeys.Client) []azkeys.ID {
	found := []azkeys.ID{}
	for pager := keys.NewListKeyPropertiesVersionsPager(keyName, nil); pager.More(); {
		for _, version := range must(pager.NextPage(ctx)).Value {
			found = append(found, *version.KID)
		}
	}
	return found
}

func (l *life) listDeletedAccounts(ctx context.Context) []string {
	found := []string{}
	for pager := l.deletedAccounts.NewListPager(nil); pager.More(); {
		for _, account := range must(pager.NextPage(ctx)).Value {
			found = append(found, *account.Name)
		}
	}
	return found
}

func (l *life) listDeletedVaults(ctx context.Context) []string {
	found := []string{}
	for pager := l.vaults.NewListDeletedPager(nil); pager.More(); {
		for _, vault := range must(pager.NextPage(ctx)).Value {
			found = append(found, *vault.Name)
		}
	}
	return found
}

func (l *life) listGroups(ctx context.Context) []string {
	found := []string{}
	for pager := l.groups.NewListPager(nil); pager.More(); {
		for _, group := range must(pager.NextPage(ctx)).Value {
			found = append(found, *group.Name)
		}
	}
	return found
}

// soon is the shortest interval between polls that the client takes.
var soon = &runtime.PollUntilDoneOptions{Frequency: time.Second}

func wait[T any](poller *runtime.Poller[T], err error) T {
	check(err)
	return must(poller.PollUntilDone(context.Background(), soon))
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func say(step string, more facts) {
	line := facts{"step": step}
	for name, value := range more {
		line[name] = value
	}
	check(json.NewEncoder(os.Stdout).Encode(line))
}

func sayRefused(step string, err error) {
	var answer *azcore.ResponseError
	switch {
	case errors.As(err, &answer):
		say(step, facts{"refused": answer.ErrorCode})
	case err != nil:
		say(step, facts{"refused": err.Error()})
	default:
		say(step, facts{"refused": nil})
	}
}
