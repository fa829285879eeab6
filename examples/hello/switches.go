package main

import (
	"encoding/json"
	"fmt"
	"time"
)

// duration is a time.Duration that reads and writes as text, such as "250ms".
type duration time.Duration

func (d duration) MarshalText() ([]byte, error) {
	return []byte(time.Duration(d).String()), nil
}

func (d *duration) UnmarshalText(text []byte) error {
	value, err := time.ParseDuration(string(text))
	if err != nil || value < 0 {
		return fmt.Errorf("%q is not a duration such as 250ms", text)
	}
	*d = duration(value)
	return nil
}

// switches is how the service misbehaves. They start from the environment; POST /admin/switches changes those that
// its JSON body names.
type switches struct {
	Ready     bool     `json:"ready"`     // false: readiness fails, everything else works.
	ErrorRate float64  `json:"errorRate"` // share of requests, 0 to 1, that are answered with 500.
	Latency   duration `json:"latency"`   // added to every answer but those of health and metrics.
}

// changed returns the switches with what body names set anew.
func (s switches) changed(body *json.Decoder) (switches, error) {
	body.DisallowUnknownFields()
	if err := body.Decode(&s); err != nil {
		return s, err
	}
	if !(s.ErrorRate >= 0 && s.ErrorRate <= 1) {
		return s, fmt.Errorf("errorRate is %v; it must be a share from 0 to 1", s.ErrorRate)
	}
	return s, nil
}
