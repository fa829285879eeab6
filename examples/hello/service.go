package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// longestBurn limits what one request may cost.
const longestBurn = 10 * time.Second

// service is everything that requests share.
type service struct {
	settings settings
	instance string
	log      *slog.Logger
	metrics  *metrics
	switches atomic.Pointer[switches]
	started  atomic.Bool
	draining atomic.Bool
	exit     func(int)
}

func newService(settings settings, instance string, log *slog.Logger) *service {
	result := &service{
		settings: settings, instance: instance, log: log.With("instance", instance), metrics: newMetrics(), exit: os.Exit,
	}
	result.switches.Store(&settings.switches)
	return result
}

// start begins the slow start and the way to the crash, where they are asked for.
func (s *service) start(over context.Context) {
	after(over, s.settings.startDelay, func() { s.started.Store(true) })
	if s.settings.crashAfter > 0 {
		after(over, s.settings.crashAfter, func() {
			s.log.Error("crashing, as HELLO_CRASH_AFTER asks", "seconds", s.settings.crashAfter.Seconds())
			s.exit(3)
		})
	}
}

func after(over context.Context, delay time.Duration, action func()) {
	if delay == 0 {
		action()
		return
	}
	go func() {
		select {
		case <-over.Done():
		case <-time.After(delay):
			action()
		}
	}()
}

// handler is the service's routes inside what every request passes.
func (s *service) handler() http.Handler {
	routes := http.NewServeMux()
	routes.HandleFunc("GET /{$}", s.hello)
	routes.HandleFunc("GET /hello/{name}", s.hello)
	routes.HandleFunc("GET /burn", s.burn)
	routes.HandleFunc("GET /healthz/live", s.live)
	routes.HandleFunc("GET /healthz/ready", s.ready)
	routes.HandleFunc("GET /metrics", s.showMetrics)
	if s.settings.admin {
		routes.HandleFunc("GET /admin/switches", s.showSwitches)
		routes.HandleFunc("POST /admin/switches", s.changeSwitches)
	}
	return s.observed(s.misbehaving(routes, routes))
}

// recorder remembers the status that was answered.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// observed counts, measures and logs. While the instance drains, each answer asks its client to come back over
// another connection; idle connections stay open, because closing one may cross a request on its way.
func (s *service) observed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		begun := time.Now()
		s.metrics.begin()
		answer := &recorder{ResponseWriter: writer, status: http.StatusOK}
		if s.draining.Load() {
			answer.Header().Set("Connection", "close")
		}
		next.ServeHTTP(answer, request)
		took := time.Since(begun)
		route := routeOf(request)
		s.metrics.end(methodOf(request), route, answer.status, took)
		logRequest(s.log, request, route, answer.status, took)
	})
}

// misbehaving adds latency and errors, as far as the switches ask for them, to everything but health, metrics and
// the switches themselves.
func (s *service) misbehaving(next http.Handler, routes *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		_, request.Pattern = routes.Handler(request)
		now := s.switches.Load()
		if !quiet(routeOf(request)) {
			time.Sleep(time.Duration(now.Latency))
			if rand.Float64() < now.ErrorRate {
				s.answer(writer, http.StatusInternalServerError, map[string]any{"error": "asked for by errorRate"})
				return
			}
		}
		next.ServeHTTP(writer, request)
	})
}

func (s *service) hello(writer http.ResponseWriter, request *http.Request) {
	name := request.PathValue("name")
	if name == "" {
		name = "world"
	}
	s.answer(writer, http.StatusOK, map[string]any{
		"message":  s.settings.greeting + ", " + name,
		"service":  s.settings.service,
		"version":  s.settings.version,
		"instance": s.instance,
	})
}

// burn keeps one CPU busy for ?ms= milliseconds, 100 unless told otherwise.
func (s *service) burn(writer http.ResponseWriter, request *http.Request) {
	text := request.URL.Query().Get("ms")
	if text == "" {
		text = "100"
	}
	milliseconds, err := strconv.Atoi(text)
	length := time.Duration(milliseconds) * time.Millisecond
	if err != nil || length < 0 || length > longestBurn {
		limit := fmt.Sprintf("ms must be a whole number from 0 to %d", longestBurn.Milliseconds())
		s.answer(writer, http.StatusBadRequest, map[string]any{"error": limit})
		return
	}
	rounds := 0
	for end := time.Now().Add(length); time.Now().Before(end) && request.Context().Err() == nil; rounds++ {
	}
	s.answer(writer, http.StatusOK, map[string]any{"milliseconds": milliseconds, "rounds": rounds})
}

// live says whether a restart would help: never, as long as this process can answer at all.
func (s *service) live(writer http.ResponseWriter, _ *http.Request) {
	s.answer(writer, http.StatusOK, map[string]any{"live": true})
}

// ready says whether this instance may get traffic, and if not, why.
func (s *service) ready(writer http.ResponseWriter, _ *http.Request) {
	reason := ""
	switch {
	case s.draining.Load():
		reason = "draining"
	case !s.started.Load():
		reason = "starting"
	case !s.switches.Load().Ready:
		reason = "switched off"
	}
	if reason != "" {
		s.answer(writer, http.StatusServiceUnavailable, map[string]any{"ready": false, "reason": reason})
		return
	}
	s.answer(writer, http.StatusOK, map[string]any{"ready": true})
}

func (s *service) showMetrics(writer http.ResponseWriter, _ *http.Request) {
	writer.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	s.metrics.write(writer, s.settings.version)
}

func (s *service) showSwitches(writer http.ResponseWriter, _ *http.Request) {
	s.answer(writer, http.StatusOK, s.switches.Load())
}

func (s *service) changeSwitches(writer http.ResponseWriter, request *http.Request) {
	changed, err := s.switches.Load().changed(json.NewDecoder(http.MaxBytesReader(writer, request.Body, 4096)))
	if err != nil {
		s.answer(writer, http.StatusBadRequest, map[string]any{"error": err.Error()})
		return
	}
	s.switches.Store(&changed)
	s.log.Warn("switches changed", "switches", changed)
	s.answer(writer, http.StatusOK, changed)
}

func (s *service) answer(writer http.ResponseWriter, status int, body any) {
	writer.Header().Set("Content-Type", "application/json")
	writer.WriteHeader(status)
	if err := json.NewEncoder(writer).Encode(body); err != nil {
		s.log.Debug("the caller left before the answer", "error", err.Error())
	}
}

// routeOf is the template that matched, without its method.
func routeOf(request *http.Request) string {
	_, path, found := strings.Cut(request.Pattern, " ")
	if !found {
		return "unmatched"
	}
	return strings.TrimSuffix(path, "{$}")
}

// methodOf is the request's method, as long as it is one that HTTP knows.
func methodOf(request *http.Request) string {
	switch request.Method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE":
		return request.Method
	}
	return "other"
}

// quiet tells the routes of the platform from those of callers.
func quiet(route string) bool {
	return strings.HasPrefix(route, "/healthz/") || strings.HasPrefix(route, "/admin/") || route == "/metrics"
}
