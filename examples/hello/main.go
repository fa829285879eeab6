// Hello is a small HTTP service that behaves as a service on a container platform should: it logs JSON, counts its
// requests, tells readiness from liveness, and leaves without dropping a request. Its switches misbehave on purpose,
// so that a platform's reactions can be tried.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// version is set when the program is linked; the environment variable VERSION wins.
var version = "dev"

func main() {
	settings, err := readSettings(os.Getenv, version)
	if err != nil {
		fmt.Fprintln(os.Stderr, "hello:", err)
		os.Exit(2)
	}
	if len(os.Args) > 1 {
		if len(os.Args) > 2 || os.Args[1] != "healthcheck" {
			fmt.Fprintln(os.Stderr, "usage: hello [healthcheck]")
			os.Exit(2)
		}
		if err := healthcheck(settings.port); err != nil {
			fmt.Fprintln(os.Stderr, "hello:", err)
			os.Exit(1)
		}
		return
	}
	instance, err := os.Hostname()
	if err != nil {
		instance = "unknown"
	}
	log := newLogger(os.Stdout, settings)
	listener, err := net.Listen("tcp", fmt.Sprintf(":%d", settings.port))
	if err != nil {
		log.Error("cannot listen", "error", err.Error())
		os.Exit(1)
	}
	terminated, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := serve(terminated, listener, newService(settings, instance, log)); err != nil {
		log.Error("stopped with an error", "error", err.Error())
		os.Exit(1)
	}
}

// serve answers on listener until terminated is done, and then leaves in three steps: readiness fails while every
// connection, old or new, is still served for the drain time; the listener closes; open requests may finish.
func serve(terminated context.Context, listener net.Listener, service *service) error {
	server := &http.Server{
		Handler:           service.handler(),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	service.start(terminated)
	service.log.Info("listening", "address", listener.Addr().String())

	select {
	case err := <-failed:
		return fmt.Errorf("serving: %w", err)
	case <-terminated.Done():
	}
	service.draining.Store(true)
	service.log.Info("draining", "seconds", service.settings.drain.Seconds())
	select {
	case err := <-failed:
		return fmt.Errorf("serving: %w", err)
	case <-time.After(service.settings.drain):
	}
	limit, cancel := context.WithTimeout(context.Background(), service.settings.finish)
	defer cancel()
	err := server.Shutdown(limit)
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("requests were still open after %s", service.settings.finish)
	}
	service.log.Info("stopped")
	return err
}
