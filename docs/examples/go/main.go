// A Language service under a customer-managed key, from a program of your own.
package main

import (
	cmk "language-cmk/sdk/go/languagecmk"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		settings := config.New(ctx, "")
		generation, accessModel := 1, cmk.AccessModelAccessPolicy
		open := cmk.NetworkAccessOpen // for a first try: the default lets nobody in
		if given, err := settings.TryInt("generation"); err == nil {
			generation = given
		}
		options := []pulumi.ResourceOption{}
		if protect, err := settings.TryBool("protect"); err == nil {
			options = append(options, pulumi.Protect(protect))
		}
		claims, err := cmk.NewEncryptedAIServicesAccount(ctx, "claims", &cmk.EncryptedAIServicesAccountArgs{
			Location:    "westeurope",
			AccessModel: &accessModel,
			Vault:       &cmk.ServiceVaultArgs{KeyOperators: []string{"deployer"}},
			Key:         &cmk.ServiceKeyArgs{Generation: &generation},
			Network:     &cmk.NetworkArgs{Access: &open},
			Tags:        pulumi.StringMap{"owner": pulumi.String("claims")},
		}, options...)
		if err != nil {
			return err
		}
		ctx.Export("endpoint", claims.Endpoint)
		ctx.Export("keyUriWithVersion", claims.KeyUriWithVersion)
		return nil
	})
}
