package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// running serves on a port of its own until terminate is called; stopped gives what serve returned.
func running(t *testing.T, pairs ...string) (service *service, address string, terminate func(), stopped <-chan error) {
	t.Helper()
	settings, err := readSettings(environment(pairs...), "1")
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	terminated, terminate := context.WithCancel(t.Context())
	service = newService(settings, "pod-1", slog.New(slog.DiscardHandler))
	done := make(chan error, 1)
	go func() { done <- serve(terminated, listener, service) }()
	return service, "http://" + listener.Addr().String(), terminate, done
}

// until waits for a condition, for five seconds at the most.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 5 s: %s", what)
		}
	}
}

func TestDrainingServesOldAndNewConnections(t *testing.T) {
	service, address, terminate, stopped := running(t, "HELLO_DRAIN", "700ms")
	kept := &http.Client{Transport: &http.Transport{}}
	first, err := kept.Get(address + "/")
	if err != nil {
		t.Fatal(err)
	}
	body(t, first)
	if first.Close {
		t.Error("a connection was closed before the signal")
	}
	terminate()
	until(t, "draining", service.draining.Load)

	for name, client := range map[string]*http.Client{"kept": kept, "new": {Transport: &http.Transport{}}} {
		answer, err := client.Get(address + "/")
		if err != nil {
			t.Fatalf("%s connection: %v", name, err)
		}
		body(t, answer)
		if answer.StatusCode != 200 || !answer.Close {
			t.Errorf("%s connection: status %d, Connection: close %v", name, answer.StatusCode, answer.Close)
		}
	}
	ready, err := http.Get(address + "/healthz/ready")
	if err != nil {
		t.Fatal(err)
	}
	if text := body(t, ready); ready.StatusCode != 503 || !strings.Contains(text, "draining") {
		t.Errorf("readiness while draining: %d %s", ready.StatusCode, text)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if _, err := http.Get(address + "/"); err == nil {
		t.Error("it still listens")
	}
}

func TestOpenRequestsMayFinish(t *testing.T) {
	service, address, terminate, stopped := running(t, "HELLO_DRAIN", "0s", "HELLO_LATENCY", "300ms")
	codes := make(chan int, 1)
	go func() {
		answer, err := http.Get(address + "/")
		if err != nil {
			codes <- 0
			return
		}
		answer.Body.Close()
		codes <- answer.StatusCode
	}()
	until(t, "a request is open", func() bool {
		service.metrics.mutex.Lock()
		defer service.metrics.mutex.Unlock()
		return service.metrics.open == 1
	})
	terminate()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if code := <-codes; code != 200 {
		t.Errorf("the open request got %d, want 200", code)
	}
}

func TestRequestsThatNeverFinishAreReported(t *testing.T) {
	service, address, terminate, stopped := running(
		t, "HELLO_DRAIN", "0s", "HELLO_FINISH", "10ms", "HELLO_LATENCY", "500ms")
	go func() {
		if answer, err := http.Get(address + "/"); err == nil {
			answer.Body.Close()
		}
	}()
	until(t, "a request is open", func() bool {
		service.metrics.mutex.Lock()
		defer service.metrics.mutex.Unlock()
		return service.metrics.open == 1
	})
	terminate()
	if err := <-stopped; err == nil || !strings.Contains(err.Error(), "still open") {
		t.Errorf("got %v", err)
	}
}
