package main

import (
	"fmt"
	"net/http"
	"time"
)

// healthcheck asks the service in this container whether it lives: what platforms run that check inside a container,
// where the image has no shell and no curl.
func healthcheck(port int) error {
	client := http.Client{Timeout: 3 * time.Second}
	answer, err := client.Get(fmt.Sprintf("http://127.0.0.1:%d/healthz/live", port))
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("GET /healthz/live answers %s", answer.Status)
	}
	return nil
}
