package main

import (
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"time"
)

// newLogger writes one JSON object per line, each with the fields that tell instances and versions apart.
func newLogger(out io.Writer, settings settings) *slog.Logger {
	options := &slog.HandlerOptions{Level: settings.level}
	return slog.New(slog.NewJSONHandler(out, options)).With("service", settings.service, "version", settings.version)
}

// traceparent is the header of the W3C trace context: version, trace id, span id, flags.
var traceparent = regexp.MustCompile(`^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-|$)`)

// traceFields returns the trace that a request belongs to, as fields of a log line; none where it belongs to none.
func traceFields(request *http.Request) []any {
	found := traceparent.FindStringSubmatch(request.Header.Get("Traceparent"))
	if found == nil {
		return nil
	}
	return []any{"trace_id", found[1], "span_id", found[2]}
}

// logRequest writes the line for one request. What a platform asks every few seconds is for debugging only.
func logRequest(log *slog.Logger, request *http.Request, route string, status int, took time.Duration) {
	level := slog.LevelInfo
	if quiet(route) {
		level = slog.LevelDebug
	}
	if status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	if !log.Enabled(request.Context(), level) {
		return
	}
	fields := append([]any{
		"method", request.Method,
		"route", route,
		"path", request.URL.Path,
		"status", status,
		"duration_ms", float64(took.Microseconds()) / 1000,
	}, traceFields(request)...)
	log.Log(request.Context(), level, "request", fields...)
}
