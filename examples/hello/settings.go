package main

import (
	"fmt"
	"log/slog"
	"strconv"
	"time"
)

// settings is what the environment decides once, before the first request.
type settings struct {
	service string // HELLO_SERVICE: the name in logs and answers; "hello".
	version string // VERSION: what GET / answers; the version that was linked in.
	// GREETING: the first word of what GET / answers; "Hello".
	greeting string
	port     int // PORT: TCP port; 8080.
	level    slog.Level
	// HELLO_DRAIN: how long everything is served on after the signal to stop; 5s. Longer than it takes the
	// platform's load balancer to notice that this instance is no longer ready.
	drain time.Duration
	// HELLO_FINISH: how long open requests may take to finish after that; 20s.
	finish time.Duration
	// HELLO_START_DELAY: how long the start takes, during which the instance lives and is not ready; 0s.
	startDelay time.Duration
	// HELLO_CRASH_AFTER: when the process ends with exit code 3; 0s is never.
	crashAfter time.Duration
	// HELLO_ADMIN: whether /admin/switches exists; false.
	admin    bool
	switches switches
}

// readSettings reads every variable and reports the first that cannot be understood.
func readSettings(getenv func(string) string, linked string) (settings, error) {
	read := reader{getenv: getenv}
	result := settings{
		service:    read.text("HELLO_SERVICE", "hello"),
		version:    read.text("VERSION", linked),
		greeting:   read.text("GREETING", "Hello"),
		port:       read.number("PORT", 8080, 1, 65535),
		drain:      read.duration("HELLO_DRAIN", 5*time.Second),
		finish:     read.duration("HELLO_FINISH", 20*time.Second),
		startDelay: read.duration("HELLO_START_DELAY", 0),
		crashAfter: read.duration("HELLO_CRASH_AFTER", 0),
		admin:      read.flag("HELLO_ADMIN", false),
		switches: switches{
			Ready:     read.flag("HELLO_READY", true),
			ErrorRate: read.share("HELLO_ERROR_RATE"),
			Latency:   duration(read.duration("HELLO_LATENCY", 0)),
		},
	}
	if err := result.level.UnmarshalText([]byte(read.text("HELLO_LOG_LEVEL", "info"))); err != nil {
		read.fail("HELLO_LOG_LEVEL", "debug, info, warn or error")
	}
	return result, read.err
}

// reader keeps the first error, so that settings can be read one after another.
type reader struct {
	getenv func(string) string
	err    error
}

func (r *reader) fail(name, expected string) {
	if r.err == nil {
		r.err = fmt.Errorf("environment variable %s is %q; it must be %s", name, r.getenv(name), expected)
	}
}

func (r *reader) text(name, otherwise string) string {
	if value := r.getenv(name); value != "" {
		return value
	}
	return otherwise
}

func (r *reader) number(name string, otherwise, least, most int) int {
	value, err := strconv.Atoi(r.text(name, strconv.Itoa(otherwise)))
	if err != nil || value < least || value > most {
		r.fail(name, fmt.Sprintf("a whole number from %d to %d", least, most))
	}
	return value
}

func (r *reader) flag(name string, otherwise bool) bool {
	value, err := strconv.ParseBool(r.text(name, strconv.FormatBool(otherwise)))
	if err != nil {
		r.fail(name, "true or false")
	}
	return value
}

func (r *reader) duration(name string, otherwise time.Duration) time.Duration {
	value, err := time.ParseDuration(r.text(name, otherwise.String()))
	if err != nil || value < 0 {
		r.fail(name, "a duration such as 250ms or 5s")
	}
	return value
}

func (r *reader) share(name string) float64 {
	value, err := strconv.ParseFloat(r.text(name, "0"), 64)
	if err != nil || !(value >= 0 && value <= 1) {
		r.fail(name, "a share from 0 to 1")
	}
	return value
}
