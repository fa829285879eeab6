// Command coredns is CoreDNS with the plugins that a cluster's Corefile names and no others; the
// stock build carries the SDKs of three clouds, which take longer to compile than the server.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"

	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/loadbalance"
	_ "github.com/coredns/coredns/plugin/metrics"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/reload"
)

func main() {
	// The order in which plugins see a query.
	dnsserver.Directives = []string{
		"reload", "health", "ready", "prometheus", "errors", "cache", "loadbalance", "kubernetes",
	}
	coremain.Run()
}
