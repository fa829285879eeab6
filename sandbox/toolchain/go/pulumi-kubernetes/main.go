// Command pulumi-resource-kubernetes serves the Pulumi Kubernetes provider from its Go module. The
// upstream command sits in a package whose generated files are not published; the schema and the
// Terraform mapping that it embeds are, and the builder copies them beside this file.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
)

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var terraformMapping []byte

// version is set by the builder to the version of the Python SDK's plug-in.
var version = "0.0.0"

func main() {
	provider.Serve("kubernetes", version, schema, terraformMapping)
}
