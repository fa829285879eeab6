// Package java stands in for Pulumi's Java code generator. The docker-build plug-in names it only
// to describe, in its schema, how a Java SDK would be generated; nothing of it runs here.
package java

// PackageInfo holds the schema fields that the plug-in fills in.
type PackageInfo struct {
	BuildFiles                      string
	GradleNexusPublishPluginVersion string
	Dependencies                    map[string]string
}
