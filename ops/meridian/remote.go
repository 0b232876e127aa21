package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// remote is the flags of every command that asks a running network.
type remote struct {
	API     string `placeholder:"URL" help:"Base URL of any control node or POP (MERIDIAN_API, else http://127.0.0.1:8079)."`
	KeyFile string `placeholder:"F" help:"File with an API key of the platform (MERIDIAN_API_KEY_FILE, else /var/lib/meridian/api-key)."`
}

// attempts is how often a command asks while there is no leader; each time control itself has waited, too.
const attempts = 3

// call makes a request to the native API; the caller closes the body.
func (c remote) call(ctx context.Context, p *process, method, path string) (io.ReadCloser, error) {
	base := strings.TrimSuffix(cmp.Or(c.API, p.getenv("MERIDIAN_API"), "http://127.0.0.1:8079"), "/")
	file := cmp.Or(c.KeyFile, p.getenv("MERIDIAN_API_KEY_FILE"), "/var/lib/meridian/api-key")
	key, err := os.ReadFile(file)
	if err != nil {
		return nil, refuse(fmt.Errorf("read the API key (name its file with --key-file): %w", err))
	}
	for n := 1; ; n++ {
		res, err := c.try(ctx, method, base+"/api/v1"+path, strings.TrimSpace(string(key)))
		if err != nil {
			return nil, fmt.Errorf("ask %s (name another with --api): %w", base, err)
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

func (c remote) try(ctx context.Context, method, url, key string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+key)
	return http.DefaultClient.Do(r)
}

// said makes an error of a refusal.
func said(res *http.Response) error {
	defer res.Body.Close()
	var problem struct{ Code, Detail string }
	b, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if json.Unmarshal(b, &problem) != nil || problem.Code == "" {
		return fmt.Errorf("the API answers %s", res.Status)
	}
	return errors.New(strings.TrimSuffix(problem.Code+": "+problem.Detail, ": "))
}

// get reads an answer as JSON.
func (c remote) get(ctx context.Context, p *process, path string, into any) error {
	body, err := c.call(ctx, p, http.MethodGet, path)
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
