//go:build linux

package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/meridian-video/meridian/testbed/wan/netns"
)

// asking is how long one question to a node may take. It is asked from its own
// host, over loopback, whatever its paths are like.
const asking = 5 * time.Second

// inside is an HTTP client in a host. It keeps no connection.
func inside(h *netns.Host) *http.Client {
	return &http.Client{Timeout: asking, Transport: &http.Transport{DialContext: h.Dial, DisableKeepAlives: true}}
}

// get asks a node for a page.
func get(ctx context.Context, h *netns.Host, port int, target string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s:%d%s", h.Addr, port, target), nil)
	if err != nil {
		return nil, err
	}
	res, err := inside(h).Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%d: %s", res.StatusCode, b)
	}
	return b, err
}

func (f *Fleet) waitReady(ctx context.Context, p *Process, port int) error {
	err := Until(ctx, p.Name+" is ready", func() error {
		if !p.Running() {
			return errEnded
		}
		_, err := get(ctx, p.Host, port, "/readyz")
		return err
	}, errEnded)
	if err != nil {
		return fmt.Errorf("%w; its log is %s", err, p.log)
	}
	return nil
}

// WaitWhole waits until every POP takes joins, lists all POPs, and knows the
// company.
func (f *Fleet) WaitWhole(ctx context.Context) error {
	for _, pop := range f.Topology.POPs {
		if err := f.waitReady(ctx, f.Edges[pop], portHTTP); err != nil {
			return err
		}
	}
	want, err := f.metric(ctx, f.Control, portAPI, "meridian_control_applied_index")
	if err != nil {
		return err
	}
	for _, pop := range f.Topology.POPs {
		err := Until(ctx, pop+" sees all POPs and knows the company", func() error {
			seen, err := f.Attach(ctx, pop)
			if err != nil {
				return err
			}
			index, err := f.Metric(ctx, pop, "meridian_control_client_index")
			if err == nil && (len(seen) != len(f.Topology.POPs) || index < want) {
				err = fmt.Errorf("it sees %v and is at %.0f of %.0f", seen, index, want)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Attach lists the POPs that a POP tells clients, best first.
func (f *Fleet) Attach(ctx context.Context, pop string) ([]string, error) {
	b, err := get(ctx, f.Net.Host(pop), portHTTP, "/api/v1/attach?room=demo")
	if err != nil {
		return nil, err
	}
	var answer struct{ Nodes []struct{ POP string } }
	if err := json.Unmarshal(b, &answer); err != nil {
		return nil, err
	}
	var out []string
	for _, n := range answer.Nodes {
		out = append(out, n.POP)
	}
	return out, nil
}

// Metric reads a metric of a POP: all series that begin with the words, summed.
func (f *Fleet) Metric(ctx context.Context, pop, series string) (float64, error) {
	return f.metric(ctx, f.Edges[pop], portHTTP, series)
}

func (f *Fleet) metric(ctx context.Context, p *Process, port int, series string) (float64, error) {
	b, err := get(ctx, p.Host, port, "/metrics")
	return sum(string(b), series), err
}

// sum adds the values of the series that begin with a name and, it may be, labels.
func sum(text, series string) (total float64) {
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(line, series)
		if !ok || rest == "" || (rest[0] != ' ' && rest[0] != '{' && !strings.HasSuffix(series, "}")) {
			continue
		}
		fields := strings.Fields(rest)
		if v, err := strconv.ParseFloat(fields[len(fields)-1], 64); err == nil {
			total += v
		}
	}
	return total
}

// Homes are the POPs that lead a room, as far as they run.
func (f *Fleet) Homes(ctx context.Context) ([]string, error) {
	var out []string
	for _, pop := range f.Topology.POPs {
		if !f.Edges[pop].Running() {
			continue
		}
		n, err := f.Metric(ctx, pop, `meridian_edge_room_rooms{part="home"}`)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			out = append(out, pop)
		}
	}
	return out, nil
}

// Call makes a request to the control API, from the control node's host.
func (f *Fleet) Call(ctx context.Context, method, target string, body, into any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://"+f.at(controlName, portAPI)+"/api/v1"+target, bytes.NewReader(b))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+f.Key)
	r.Header.Set("Content-Type", "application/json")
	res, err := inside(f.Net.Host(controlName)).Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %d %s", method, target, res.StatusCode, answer)
	}
	if err == nil && into != nil {
		err = json.Unmarshal(answer, into)
	}
	return err
}

// makeCompany makes a company with open rooms at every edge's address.
func (f *Fleet) makeCompany(ctx context.Context) error {
	key, err := os.ReadFile(filepath.Join(f.data(controlName), "api-key"))
	if err != nil {
		return err
	}
	f.Key = strings.TrimSpace(string(key))
	var company struct {
		ID string `json:"id"`
	}
	if err := f.Call(ctx, http.MethodPost, "/companies", map[string]any{"name": "World", "settings": map[string]any{"open_rooms": true}}, &company); err != nil {
		return err
	}
	f.Company = company.ID
	for _, pop := range f.Topology.POPs {
		if err := f.Call(ctx, http.MethodPost, "/companies/"+f.Company+"/domains", map[string]any{"fqdn": f.Net.Host(pop).Addr.String()}, nil); err != nil {
			return err
		}
	}
	return nil
}

// Until polls a condition until it gives no error, or one that says that it never
// will.
func Until(ctx context.Context, what string, ok func() error, final ...error) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ok()
		if err == nil {
			return nil
		}
		for _, f := range final {
			if err == f {
				return fmt.Errorf("%s: %w", what, err)
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited until %s: %w", what, err)
		case <-tick.C:
		}
	}
}
