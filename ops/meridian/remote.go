package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/meridian-video/meridian/ops/catalog"
	"github.com/meridian-video/meridian/ops/dev"
)

// remote is the flags of every command that asks a running network.
type remote struct {
	Server  string `aliases:"api" placeholder:"URL" help:"Base URL of any control node or POP (MERIDIAN_API, else a running meridian dev, else ${server})."`
	KeyFile string `placeholder:"F" help:"File with an API key (MERIDIAN_API_KEY_FILE, or the key itself in MERIDIAN_API_KEY; else ${keyfile}, else that of meridian dev)."`
}

const (
	defaultServer  = "http://127.0.0.1:8079"
	defaultKeyFile = "/var/lib/meridian/api-key"
)

// attempts is how often a command asks while there is no leader; each time control itself has waited, too.
const attempts = 3

// request is one call of the native API.
type request struct {
	method, path string // below /api/v1, escaped
	body         []byte // JSON; nil for none
}

// server is where the API is.
func (c remote) server(p *process) string {
	return strings.TrimSuffix(cmp.Or(c.Server, p.getenv("MERIDIAN_API"), c.developed(p, dev.FileAPI), defaultServer), "/")
}

// key reads the API key. It is in no flag, since others see those.
func (c remote) key(p *process) (string, error) {
	named := cmp.Or(c.KeyFile, p.getenv("MERIDIAN_API_KEY_FILE"))
	if key := cmp.Or(p.getenv("MERIDIAN_API_KEY"), c.developed(p, dev.FileAPIKey)); key != "" && named == "" {
		return strings.TrimSpace(key), nil
	}
	b, err := os.ReadFile(cmp.Or(named, p.keyFile))
	if err != nil {
		return "", refuse(fmt.Errorf("read the API key: %w\nname its file with --key-file or MERIDIAN_API_KEY_FILE, or start a network with meridian dev", err))
	}
	return strings.TrimSpace(string(b)), nil
}

// developed reads a file that meridian dev leaves in its usual directory; empty where there is none, and where
// anything says that another network is meant: a key goes to its own network only.
func (c remote) developed(p *process, name string) string {
	if _, err := os.Stat(p.keyFile); err == nil || c.Server+c.KeyFile+p.getenv("MERIDIAN_API")+p.getenv("MERIDIAN_API_KEY")+p.getenv("MERIDIAN_API_KEY_FILE") != "" {
		return ""
	}
	dir, err := dev.Options{}.Dir()
	if err != nil {
		return ""
	}
	b, _ := os.ReadFile(filepath.Join(dir, name)) // absent: no network of that kind
	return strings.TrimSpace(string(b))
}

// call makes a request to the native API; the caller closes the body. A POST carries a key that makes sending it
// again harmless.
func (c remote) call(ctx context.Context, p *process, q request) (io.ReadCloser, error) {
	key, err := c.key(p)
	if err != nil {
		return nil, err
	}
	server, once := c.server(p), rand.Text()
	for n := 1; ; n++ {
		res, err := q.send(ctx, server, key, once)
		if err != nil {
			return nil, fmt.Errorf("ask %s: %w\nis it running? name another with --server", server, err)
		}
		if res.StatusCode < http.StatusMultipleChoices {
			return res.Body, nil
		}
		err = said(res)
		if res.StatusCode != http.StatusServiceUnavailable || n == attempts {
			return nil, err
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return nil, err
		}
	}
}

func (q request) send(ctx context.Context, server, key, once string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, q.method, server+"/api/v1"+q.path, bytes.NewReader(q.body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+key)
	if q.body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if q.method == http.MethodPost {
		r.Header.Set("Idempotency-Key", once)
	}
	return http.DefaultClient.Do(r)
}

// get reads an answer as JSON.
func (c remote) get(ctx context.Context, p *process, path string, into any) error {
	body, err := c.call(ctx, p, request{method: http.MethodGet, path: path})
	if err != nil {
		return err
	}
	defer body.Close()
	if err := json.NewDecoder(body).Decode(into); err != nil {
		return fmt.Errorf("unreadable answer: %w", err)
	}
	return nil
}

// getenv reads the process's environment.
func (p *process) getenv(name string) string {
	for _, entry := range p.environ {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// problem is a refusal of the API (RFC 9457).
type problem struct {
	Status       int
	Code, Detail string
	RequestID    string `json:"request_id"`
	Errors       []struct{ Field, Reason string }
	after        string // Retry-After, s
}

// said makes an error of a refusal.
func said(res *http.Response) error {
	defer res.Body.Close()
	var p problem
	b, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if json.Unmarshal(b, &p) != nil || p.Code == "" {
		return fmt.Errorf("the API answers %s", res.Status)
	}
	p.after = res.Header.Get("Retry-After")
	return &p
}

// Error names every field that is wrong, and what to do next.
func (p *problem) Error() string {
	lines := []string{catalog.Visible(strings.TrimSuffix(p.Code+": "+p.Detail, ": "))}
	if len(p.Errors) > 0 {
		lines[0] = p.Code
	}
	for _, e := range p.Errors {
		lines = append(lines, "  "+catalog.Visible(strings.TrimPrefix(e.Field+": "+e.Reason, ": ")))
	}
	if next := p.next(); next != "" {
		lines = append(lines, next)
	}
	return strings.Join(lines, "\n")
}

func (p *problem) next() string {
	switch p.Code {
	case "unauthorized":
		return "The key is unknown, has ended or was revoked: name another with --key-file."
	case "insufficient_scope":
		return "Use a key that has the scope, or none at all for everything: meridian api-key create."
	case "forbidden":
		return "The key does not reach that far: use one of the platform or the reseller, or name your --company."
	case "too_many_requests":
		return "Try again in " + cmp.Or(p.after, "1") + " s."
	case "no_leader", "unavailable", "busy":
		return "Try again; meridian cluster status says how the control nodes are."
	case "internal":
		return "The control node's log says more about request " + catalog.Visible(p.RequestID) + "."
	}
	return ""
}

// isProblem tells whether an error is a refusal with a code.
func isProblem(err error, code string) bool {
	p, ok := errors.AsType[*problem](err)
	return ok && p.Code == code
}
