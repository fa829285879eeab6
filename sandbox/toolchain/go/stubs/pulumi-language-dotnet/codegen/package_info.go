// Package codegen stands in for Pulumi's .NET code generator. The docker-build plug-in names it only
// to describe, in its schema, how a .NET SDK would be generated; nothing of it runs here.
package codegen

// CSharpPackageInfo holds the schema fields that the plug-in fills in.
type CSharpPackageInfo struct {
	RespectSchemaVersion bool
	PackageReferences    map[string]string
}
