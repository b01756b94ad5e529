// Generates the SDKs of a package from its schema, as `pulumi package gen-sdk` does, without any language host:
// SCHEMA FOLDER makes FOLDER/go, FOLDER/nodejs and FOLDER/python.
//
// SCHEMA FOLDER PROGRAM makes a program of each language from one in PCL that uses the package, as the second half
// of `pulumi convert` does.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/blang/semver"
	"github.com/hashicorp/hcl/v2"
	gogen "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/hcl2/syntax"
	nodegen "github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/pcl"
	pygen "github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

const tool = "language-cmk tests"

func main() {
	make := func() error { return generate(os.Args[1], os.Args[2]) }
	if len(os.Args) > 3 {
		make = func() error { return convert(os.Args[1], os.Args[2], os.Args[3]) }
	}
	if err := make(); err != nil {
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
		if err := write(filepath.Join(folder, language), files); err != nil {
			return err
		}
	}
	return nil
}

// one is a loader that knows one package, whatever version is asked for.
type one struct{ pkg *schema.Package }

func (l one) LoadPackage(string, *semver.Version) (*schema.Package, error) { return l.pkg, nil }

func (l one) LoadPackageV2(context.Context, *schema.PackageDescriptor) (*schema.Package, error) {
	return l.pkg, nil
}

func (l one) LoadPackageReference(string, *semver.Version) (schema.PackageReference, error) {
	return l.pkg.Reference(), nil
}

func (l one) LoadPackageReferenceV2(
	context.Context, *schema.PackageDescriptor,
) (schema.PackageReference, error) {
	return l.pkg.Reference(), nil
}

func convert(schemaFile, folder, program string) error {
	content, err := os.ReadFile(schemaFile)
	if err != nil {
		return err
	}
	languages := map[string]func(*pcl.Program) (map[string][]byte, hcl.Diagnostics, error){
		"go":     gogen.GenerateProgram,
		"nodejs": nodegen.GenerateProgram,
		"python": pygen.GenerateProgram,
	}
	for language, generator := range languages {
		var spec schema.PackageSpec
		if err := json.Unmarshal(content, &spec); err != nil {
			return err
		}
		pkg, problems, err := schema.BindSpec(spec, schema.NewPluginLoader(nil), schema.ValidationOptions{})
		if err != nil || len(problems) > 0 {
			return fmt.Errorf("%s: %w %w", schemaFile, err, problems)
		}
		parser := syntax.NewParser()
		source, err := os.Open(program)
		if err != nil {
			return err
		}
		if err := parser.ParseFile(source, filepath.Base(program)); err != nil {
			return err
		}
		bound, problems, err := pcl.BindProgram(parser.Files, one{pkg}, pcl.PreferOutputVersionedInvokes)
		if err != nil || len(problems) > 0 {
			return fmt.Errorf("%s: %w %w", program, err, problems)
		}
		files, problems, err := generator(bound)
		if err != nil || problems.HasErrors() {
			return fmt.Errorf("%s: %w %w", language, err, problems)
		}
		if err := write(filepath.Join(folder, language), files); err != nil {
			return err
		}
	}
	return nil
}

func write(folder string, files map[string][]byte) error {
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return err
		}
	}
	return nil
}
