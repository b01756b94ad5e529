// Generates the SDKs of a package from its schema, as `pulumi package gen-sdk` does, without any language host:
// SCHEMA FOLDER makes FOLDER/go, FOLDER/nodejs and FOLDER/python.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	gogen "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	nodegen "github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	pygen "github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

const tool = "language-cmk tests"

func main() {
	if err := generate(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func generate(schemaFile, folder string) error {
	content, err := os.ReadFile(schemaFile)
	if err != nil {
		return err
	}
	languages := map[string]func(*schema.Package) (map[string][]byte, error){
		"go": func(pkg *schema.Package) (map[string][]byte, error) {
			return gogen.GeneratePackage(tool, pkg, nil)
		},
		"nodejs": func(pkg *schema.Package) (map[string][]byte, error) {
			return nodegen.GeneratePackage(tool, pkg, nil, nil, true, nil)
		},
		"python": func(pkg *schema.Package) (map[string][]byte, error) {
			return pygen.GeneratePackage(tool, pkg, nil, nil)
		},
	}
	for language, generator := range languages {
		// Each generator rewrites the package that it is given.
		var spec schema.PackageSpec
		if err := json.Unmarshal(content, &spec); err != nil {
			return err
		}
		pkg, problems, err := schema.BindSpec(spec, schema.NewPluginLoader(nil), schema.ValidationOptions{})
		if err != nil {
			return err
		}
		if len(problems) > 0 {
			return fmt.Errorf("%s: %w", schemaFile, problems)
		}
		files, err := generator(pkg)
		if err != nil {
			return fmt.Errorf("%s: %w", language, err)
		}
		for name, text := range files {
			path := filepath.Join(folder, language, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(path, text, 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}
