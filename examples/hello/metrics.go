package main

import (
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// bounds are the upper limits, in seconds, of the latency histogram's buckets.
var bounds = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}

// counterKey and histogramKey are the labels of one series. Routes are templates, never paths, so that their number
// does not grow with what callers ask for.
type counterKey struct {
	method, route string
	code          int
}

type histogramKey struct{ method, route string }

type histogram struct {
	buckets []uint64
	sum     float64
	count   uint64
}

// metrics holds what GET /metrics shows, in Prometheus' text format.
type metrics struct {
	mutex     sync.Mutex
	started   time.Time
	requests  map[counterKey]uint64
	durations map[histogramKey]*histogram
	open      int64
}

func newMetrics() *metrics {
	return &metrics{
		started:   time.Now(),
		requests:  map[counterKey]uint64{},
		durations: map[histogramKey]*histogram{},
	}
}

// begin counts a request as open.
func (m *metrics) begin() {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.open++
}

// end counts a request as answered.
func (m *metrics) end(method, route string, code int, took time.Duration) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.open--
	m.requests[counterKey{method, route, code}]++
	key := histogramKey{method, route}
	found := m.durations[key]
	if found == nil {
		found = &histogram{buckets: make([]uint64, len(bounds))}
		m.durations[key] = found
	}
	found.sum += took.Seconds()
	found.count++
	for index, bound := range bounds {
		if took.Seconds() <= bound {
			found.buckets[index]++
		}
	}
}

// write renders everything, in an order that does not change from one scrape to the next.
func (m *metrics) write(out io.Writer, version string) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	family(out, "http_requests_total", "counter", "Requests answered.")
	for _, key := range slices.SortedFunc(maps.Keys(m.requests), compareCounters) {
		labels := label("code", strconv.Itoa(key.code), "method", key.method, "path", key.route)
		fmt.Fprintf(out, "http_requests_total{%s} %d\n", labels, m.requests[key])
	}
	family(out, "http_request_duration_seconds", "histogram", "Time from a request to its answer.")
	for _, key := range slices.SortedFunc(maps.Keys(m.durations), compareHistograms) {
		m.durations[key].write(out, "http_request_duration_seconds", label("method", key.method, "path", key.route))
	}
	family(out, "http_requests_open", "gauge", "Requests that are being answered.")
	fmt.Fprintf(out, "http_requests_open %d\n", m.open)
	family(out, "build_info", "gauge", "Always 1; the labels tell what runs.")
	fmt.Fprintf(out, "build_info{%s} 1\n", label("goversion", runtime.Version(), "version", version))
	family(out, "process_start_time_seconds", "gauge", "When the process started, in seconds since 1970.")
	fmt.Fprintf(out, "process_start_time_seconds %d\n", m.started.Unix())
	family(out, "go_goroutines", "gauge", "Goroutines that exist.")
	fmt.Fprintf(out, "go_goroutines %d\n", runtime.NumGoroutine())
}

func (h *histogram) write(out io.Writer, name, labels string) {
	for index, bound := range bounds {
		fmt.Fprintf(out, "%s_bucket{%s,le=\"%v\"} %d\n", name, labels, bound, h.buckets[index])
	}
	fmt.Fprintf(out, "%s_bucket{%s,le=\"+Inf\"} %d\n", name, labels, h.count)
	fmt.Fprintf(out, "%s_sum{%s} %v\n", name, labels, h.sum)
	fmt.Fprintf(out, "%s_count{%s} %d\n", name, labels, h.count)
}

func family(out io.Writer, name, kind, help string) {
	fmt.Fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// label renders pairs of a name and a value.
func label(pairs ...string) string {
	escape := strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
	var parts []string
	for index := 0; index < len(pairs); index += 2 {
		parts = append(parts, fmt.Sprintf(`%s="%s"`, pairs[index], escape.Replace(pairs[index+1])))
	}
	return strings.Join(parts, ",")
}

func compareCounters(a, b counterKey) int {
	return strings.Compare(
		fmt.Sprintf("%s %s %d", a.route, a.method, a.code), fmt.Sprintf("%s %s %d", b.route, b.method, b.code))
}

func compareHistograms(a, b histogramKey) int {
	return strings.Compare(a.route+" "+a.method, b.route+" "+b.method)
}
