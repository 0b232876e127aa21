package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/meridian-video/meridian/edge"
	"github.com/meridian-video/meridian/ops/node"
)

// drainingEdge is an edge whose people go one by one as it is asked about them.
type drainingEdge struct {
	mu       sync.Mutex
	d        edge.Drained
	deadline string
	stay     int // who do not go
}

func (e *drainingEdge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch r.Method + " " + r.URL.Path {
	case "GET /nodes":
		_ = json.NewEncoder(w).Encode([]node.Listed{
			{Node: "fra-1", POP: "fra", Role: "edge", URL: "https://fra.example", Load: 0.25, Draining: true}, {Node: "control-1", POP: "ctl", Role: "control"},
		})
		return
	case "GET /drain":
		e.step()
	case "POST /drain":
		if e.deadline = r.FormValue("deadline"); e.deadline == "0s" {
			http.Error(w, `deadline: "0s" is not between 1s and 1h0m0s`, http.StatusBadRequest)
			return
		}
		if !e.d.Draining {
			e.d = edge.Drained{Node: "fra-1", Draining: true, People: 3, Left: 3}
		}
	case "DELETE /drain":
		e.d.Draining = false
	default:
		http.NotFound(w, r)
		return
	}
	_ = json.NewEncoder(w).Encode(e.d)
}

func (e *drainingEdge) step() {
	switch {
	case !e.d.Draining || e.d.Done:
	case e.d.Left > e.stay:
		e.d.Left, e.d.Moved = e.d.Left-1, e.d.Moved+1
	default:
		e.d.Left, e.d.Stayed, e.d.Done = 0, e.d.Left, true
	}
}

func startDrainingEdge(t *testing.T, stay int) (e *drainingEdge, environ []string) {
	t.Helper()
	e = &drainingEdge{d: edge.Drained{Node: "fra-1"}, stay: stay}
	s := httptest.NewServer(e)
	t.Cleanup(s.Close)
	return e, []string{"MERIDIAN_OPERATOR=" + s.URL}
}

func TestDrainSaysHowFarItIs(t *testing.T) {
	e, environ := startDrainingEdge(t, 0)
	code, stdout, stderr := run(environ, "node", "drain", "fra-1", "--deadline", "90s")
	if code != 0 || stderr != "" || e.deadline != "1m30s" {
		t.Errorf("exit %d, deadline %s: %s", code, e.deadline, stderr)
	}
	for _, want := range []string{"3 people", "left 3, moved 0, gone 0\nleft 2, moved 1, gone 0\nleft 1, moved 2", "fra-1 is drained", "undrain fra-1"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is not in\n%s", want, stdout)
		}
	}
	if code, stdout, _ = run(environ, "node", "drain", "fra-1"); code != 0 || !strings.Contains(stdout, "drains already") || e.deadline != "2m0s" {
		t.Errorf("again: exit %d, deadline %s\n%s", code, e.deadline, stdout)
	}
	if code, stdout, _ = run(environ, "node", "undrain", "fra-1"); code != 0 || !strings.Contains(stdout, "takes joins again") {
		t.Errorf("undrain: exit %d\n%s", code, stdout)
	}
	if code, stdout, _ = run(environ, "node", "undrain", "fra-1"); code != 0 || !strings.Contains(stdout, "was not draining") {
		t.Errorf("undrain again: exit %d\n%s", code, stdout)
	}
}

func TestDrainThatEndsPeopleFails(t *testing.T) {
	_, environ := startDrainingEdge(t, 2)
	if code, _, stderr := run(environ, "node", "drain", "fra-1"); code != exitFailed || !strings.Contains(stderr, "2 of 3 people did not go in time") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

func TestWrongOrdersToNodes(t *testing.T) {
	_, environ := startDrainingEdge(t, 0)
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"drain", "iad-1"}, exitRefused, "operator port of fra-1, not of iad-1"},
		{[]string{"undrain", "iad-1"}, exitRefused, "operator port of fra-1, not of iad-1"},
		{[]string{"drain", "fra-1", "--deadline", "0s"}, exitRefused, "not between 1s and 1h"},
		{[]string{"drain", "fra-1", "--deadline", "soon"}, exitRefused, "deadline"},
		{[]string{"drain", "fra-1", "--force"}, exitRefused, "--force"},
		{[]string{"drain"}, exitRefused, "node"},
		{[]string{"list", "--operator", "http://127.0.0.1:1"}, exitFailed, "--operator"},
		{[]string{"list", "--operator", "://"}, exitRefused, "missing protocol scheme"},
	} {
		if code, _, stderr := run(environ, append([]string{"node"}, c.args...)...); code != c.code || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: exit %d: %s", c.args, code, stderr)
		}
	}
	no := httptest.NewServer(http.NotFoundHandler())
	defer no.Close()
	if code, _, stderr := run(nil, "node", "list", "--operator", no.URL); code != exitFailed || !strings.Contains(stderr, "no operator port of an edge") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

func TestNodesAreListed(t *testing.T) {
	_, environ := startDrainingEdge(t, 0)
	code, stdout, stderr := run(environ, "node", "list")
	if code != 0 || !strings.Contains(stdout, "fra-1      fra  edge     25 %  draining  https://fra.example") || !strings.Contains(stdout, "control-1") {
		t.Errorf("exit %d: %s\n%s", code, stderr, stdout)
	}
	if code, stdout, _ = run(environ, "node", "list", "--json"); code != 0 || !strings.Contains(stdout, `"draining": true`) {
		t.Errorf("exit %d\n%s", code, stdout)
	}
}
