package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

func portOf(t *testing.T, server *httptest.Server) int {
	t.Helper()
	return server.Listener.Addr().(*net.TCPAddr).Port
}

func TestHealthcheckTellsAServiceThatLives(t *testing.T) {
	service, _ := started(t)
	server := httptest.NewServer(service.handler())
	defer server.Close()
	if err := healthcheck(portOf(t, server)); err != nil {
		t.Fatal(err)
	}
}

func TestHealthcheckFailsWhereNobodyLives(t *testing.T) {
	refusing := httptest.NewServer(http.NotFoundHandler())
	if err := healthcheck(portOf(t, refusing)); err == nil {
		t.Error("404 was taken for life")
	}
	refusing.Close()
	if err := healthcheck(portOf(t, refusing)); err == nil {
		t.Error("nobody was taken for life")
	}
}
