package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func environment(pairs ...string) func(string) string {
	values := map[string]string{}
	for index := 0; index < len(pairs); index += 2 {
		values[pairs[index]] = pairs[index+1]
	}
	return func(name string) string { return values[name] }
}

// started is a service with these variables, after its start, and what it has logged.
func started(t *testing.T, pairs ...string) (*service, *bytes.Buffer) {
	t.Helper()
	settings, err := readSettings(environment(pairs...), "1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	lines := &bytes.Buffer{}
	result := newService(settings, "pod-1", newLogger(lines, settings))
	result.start(t.Context())
	return result, lines
}

func get(t *testing.T, service *service, path string) *httptest.ResponseRecorder {
	t.Helper()
	return ask(service, httptest.NewRequest("GET", path, nil))
}

func ask(service *service, request *http.Request) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	service.handler().ServeHTTP(answer, request)
	return answer
}

func TestRootAnswersVersionAndInstance(t *testing.T) {
	service, _ := started(t)
	answer := get(t, service, "/")
	var body map[string]string
	if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"message": "Hello, world", "service": "hello", "version": "1.2.3", "instance": "pod-1"}
	for key, value := range want {
		if body[key] != value {
			t.Errorf("%s is %q, want %q", key, body[key], value)
		}
	}
}

func TestVersionAndGreetingFromTheEnvironmentWin(t *testing.T) {
	service, _ := started(t, "VERSION", "9", "GREETING", "Moin")
	body := get(t, service, "/hello/you").Body.String()
	if !strings.Contains(body, `"version":"9"`) || !strings.Contains(body, `"message":"Moin, you"`) {
		t.Error(body)
	}
}

func TestReadinessAndLivenessDiffer(t *testing.T) {
	service, _ := started(t, "HELLO_READY", "false")
	if code := get(t, service, "/healthz/ready").Code; code != 503 {
		t.Errorf("readiness is %d, want 503", code)
	}
	if code := get(t, service, "/healthz/live").Code; code != 200 {
		t.Errorf("liveness is %d, want 200", code)
	}
}

func TestSlowStartLivesAndBecomesReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service, _ := started(t, "HELLO_START_DELAY", "10s")
		before := get(t, service, "/healthz/ready")
		if before.Code != 503 || !strings.Contains(before.Body.String(), "starting") {
			t.Errorf("before: %d %s", before.Code, before.Body)
		}
		if code := get(t, service, "/healthz/live").Code; code != 200 {
			t.Errorf("liveness is %d, want 200", code)
		}
		time.Sleep(11 * time.Second)
		synctest.Wait()
		if code := get(t, service, "/healthz/ready").Code; code != 200 {
			t.Errorf("after: %d, want 200", code)
		}
	})
}

func TestCrashAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		settings, err := readSettings(environment("HELLO_CRASH_AFTER", "3s"), "1")
		if err != nil {
			t.Fatal(err)
		}
		code := 0
		service := newService(settings, "pod-1", slog.New(slog.DiscardHandler))
		service.exit = func(value int) { code = value }
		service.start(t.Context())
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if code != 0 {
			t.Fatal("crashed too early")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if code != 3 {
			t.Errorf("exit code %d, want 3", code)
		}
	})
}

func TestErrorRateSparesHealthAndMetrics(t *testing.T) {
	service, _ := started(t, "HELLO_ERROR_RATE", "1")
	for path, want := range map[string]int{"/": 500, "/hello/you": 500, "/healthz/ready": 200, "/metrics": 200} {
		if code := get(t, service, path).Code; code != want {
			t.Errorf("%s is %d, want %d", path, code, want)
		}
	}
}

func TestLatencyIsAddedAndMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service, _ := started(t, "HELLO_LATENCY", "300ms")
		get(t, service, "/")
		body := get(t, service, "/metrics").Body.String()
		for _, line := range []string{
			`http_request_duration_seconds_bucket{method="GET",path="/",le="0.25"} 0`,
			`http_request_duration_seconds_bucket{method="GET",path="/",le="0.5"} 1`,
			`http_request_duration_seconds_count{method="GET",path="/"} 1`,
		} {
			if !strings.Contains(body, line+"\n") {
				t.Errorf("no line %s in\n%s", line, body)
			}
		}
	})
}

func TestMetricsCountByTemplateAndNotByPath(t *testing.T) {
	service, _ := started(t)
	for _, path := range []string{"/hello/a", "/hello/b", "/nowhere/1", "/nowhere/2"} {
		get(t, service, path)
	}
	ask(service, httptest.NewRequest("BREW", "/", nil))
	body := get(t, service, "/metrics").Body.String()
	for _, line := range []string{
		`http_requests_total{code="200",method="GET",path="/hello/{name}"} 2`,
		`http_requests_total{code="404",method="GET",path="unmatched"} 2`,
		`http_requests_total{code="405",method="other",path="unmatched"} 1`,
		`http_requests_open 1`,
	} {
		if !strings.Contains(body, line+"\n") {
			t.Errorf("no line %s in\n%s", line, body)
		}
	}
	if !strings.Contains(body, `version="1.2.3"} 1`) {
		t.Error("build_info does not name the version")
	}
}

func TestBurnIsLimited(t *testing.T) {
	service, _ := started(t)
	for path, want := range map[string]int{
		"/burn?ms=1": 200, "/burn?ms=10001": 400, "/burn?ms=-1": 400, "/burn?ms=x": 400,
	} {
		if code := get(t, service, path).Code; code != want {
			t.Errorf("%s is %d, want %d", path, code, want)
		}
	}
}

func TestSwitchesExistOnlyWhereAskedFor(t *testing.T) {
	service, _ := started(t)
	request := httptest.NewRequest("POST", "/admin/switches", strings.NewReader(`{"ready":false}`))
	if code := ask(service, request).Code; code != 404 {
		t.Errorf("%d, want 404", code)
	}
}

func TestSwitchesChangeWhatTheyName(t *testing.T) {
	service, _ := started(t, "HELLO_ADMIN", "true", "HELLO_ERROR_RATE", "0.5")
	request := httptest.NewRequest("POST", "/admin/switches", strings.NewReader(`{"ready":false,"latency":"1ms"}`))
	if answer := ask(service, request); answer.Code != 200 {
		t.Fatal(answer.Body)
	}
	if body := get(t, service, "/admin/switches").Body.String(); body != `{"ready":false,"errorRate":0.5,"latency":"1ms"}`+"\n" {
		t.Error(body)
	}
	if code := get(t, service, "/healthz/ready").Code; code != 503 {
		t.Errorf("readiness is %d, want 503", code)
	}
}

func TestSwitchesRefuseWhatTheyDoNotKnow(t *testing.T) {
	service, _ := started(t, "HELLO_ADMIN", "true")
	for _, body := range []string{`{"raedy":false}`, `{"errorRate":2}`, `{"latency":"long"}`, ``} {
		request := httptest.NewRequest("POST", "/admin/switches", strings.NewReader(body))
		if code := ask(service, request).Code; code != 400 {
			t.Errorf("%s is %d, want 400", body, code)
		}
	}
}

func TestLogLineHasTheTrace(t *testing.T) {
	service, lines := started(t)
	request := httptest.NewRequest("GET", "/hello/you", nil)
	request.Header.Set("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	ask(service, request)
	var line map[string]any
	if err := json.NewDecoder(lines).Decode(&line); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"level": "INFO", "msg": "request", "service": "hello", "version": "1.2.3", "instance": "pod-1",
		"method": "GET", "route": "/hello/{name}", "path": "/hello/you", "status": 200.0,
		"trace_id": "0af7651916cd43dd8448eb211c80319c", "span_id": "b7ad6b7169203331",
	}
	for key, value := range want {
		if line[key] != value {
			t.Errorf("%s is %v, want %v", key, line[key], value)
		}
	}
}

func TestProbesAreNotLogged(t *testing.T) {
	service, lines := started(t)
	get(t, service, "/healthz/live")
	get(t, service, "/metrics")
	if lines.Len() != 0 {
		t.Error(lines)
	}
}

func TestSettingsNameTheVariableThatIsWrong(t *testing.T) {
	for name, value := range map[string]string{
		"PORT": "0", "HELLO_DRAIN": "5", "HELLO_READY": "perhaps", "HELLO_ERROR_RATE": "NaN", "HELLO_LOG_LEVEL": "loud",
	} {
		_, err := readSettings(environment(name, value), "1")
		if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), value) {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
}

func body(t *testing.T, answer *http.Response) string {
	t.Helper()
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
