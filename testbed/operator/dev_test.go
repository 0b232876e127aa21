package operator

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
)

// ready is the line of dev --json.
type ready struct {
	Ready   bool   `json:"ready"`
	Control string `json:"control"`
	APIKey  string `json:"api_key"`
	POPs    []struct {
		Name  string `json:"name"`
		URL   string `json:"url"`
		Media string `json:"media"`
	} `json:"pops"`
}

// shape is the line as programs were promised it, names in this order.
var shape = regexp.MustCompile(`^\{"ready":true,"control":"https?://[^"]+","api_key":"[^"]+","pops":\[(\{"name":"[a-z]+","url":"https?://[^"]+","media":"[^"]+:\d+","operator":"http://[^"]+"\},?)+\]\}\n$`)

type devNetwork struct {
	*command
	ready
	port int
	dir  string
}

// dev starts a network and waits for its line.
func dev(t *testing.T, dir string, flags ...string) *devNetwork {
	t.Helper()
	n := &devNetwork{port: freeRun(t, 5) + 1, dir: dir}
	args := append([]string{"dev", "--json", "--port", strconv.Itoa(n.port), "--data", dir}, flags...)
	n.command = meridian(t, nil, args...)
	wait(t, "the network is ready", func() error {
		if strings.Contains(n.stdout.String(), "\n") {
			return nil
		}
		_ = n.alive()
		return errNotYet
	})
	line := n.stdout.String()
	if !shape.MatchString(line) {
		t.Fatalf("the line is not as promised: %s", line)
	}
	if err := json.Unmarshal([]byte(line), &n.ready); err != nil {
		t.Fatal(err)
	}
	return n
}

func (n *devNetwork) join(pop int, o client.Options) *client.Client {
	n.t.Helper()
	return join(n.t, n.POPs[pop].URL, o)
}

// join brings a client into a room at the address of a POP.
func join(t *testing.T, base string, o client.Options) *client.Client {
	t.Helper()
	c, err := try(t, base, o, client.Join)
	if err != nil {
		t.Fatalf("join %s: %v", base, err)
	}
	return c
}

// sendTo lets one client send until another has packets of it.
func sendTo(t *testing.T, from, to *client.Client) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		from.Send(ctx, client.Video{FPS: 15})
	}()
	defer func() { cancel(); <-done }()
	wait(t, "media arrives", func() error {
		if got := to.VideoSlot(0).Packets.Load(); got < 20 {
			return fmt.Errorf("%d packets", got)
		}
		return nil
	})
}

var both = signal.Media{Mic: true, Camera: true}

// silent opens a WebSocket by hand and never reads from it or answers.
func silent(t *testing.T, base string) {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	fmt.Fprintf(c, "GET /ws HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c29tZWJvZHlzbm9uY2UhIQ==\r\nSec-WebSocket-Protocol: %s\r\n\r\n", u.Host, signal.Subprotocol)
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("upgrade: %v, %v", res, err)
	}
	spare, err := net.Dial("tcp", u.Host) // as browsers keep one
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = spare.Close() })
}

// TestDevTwice: the promised line, page and API on every address, people across
// POPs, an end within seconds although some never answer, and what was made in
// the first run is there in the second.
func TestDevTwice(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	first := dev(t, dir)
	if got := names(first); !slices.Equal(got, []string{"fra", "iad", "syd"}) {
		t.Errorf("POPs %v", got)
	}
	if want := fmt.Sprintf("http://127.0.0.1:%d", first.port-1); first.Control != want {
		t.Errorf("control is at %s, not %s", first.Control, want)
	}
	for i, p := range first.POPs {
		if want := fmt.Sprintf("http://127.0.0.1:%d", first.port+i); p.URL != want {
			t.Errorf("%s is at %s, not %s", p.Name, p.URL, want)
		}
		for _, path := range []string{"/m/demo", "/call/?roomId=demo"} {
			if body := answers(t, first.command, p.URL+path, http.StatusOK); !strings.Contains(body, `id="app"`) {
				t.Errorf("%s%s is not the page: %s", p.URL, path, body)
			}
		}
		for path, want := range map[string]string{"/livez": "ok\n", "/readyz": "ok\n", "/healthz?verbose": "[+] control ok", "/metrics": "meridian_relay_"} {
			if body := answers(t, first.command, p.URL+path, http.StatusOK); !strings.Contains(body, want) {
				t.Errorf("%s%s: %s", p.URL, path, body)
			}
		}
	}
	for _, base := range []string{first.Control, first.POPs[1].URL} {
		if status, body, err := get(t, base+"/api/v1/companies", first.APIKey); err != nil || status != http.StatusOK {
			t.Errorf("companies at %s: %d %s %v", base, status, body, err)
		}
		if status, body, err := get(t, base+"/api/v1/companies", ""); err != nil || status != http.StatusUnauthorized {
			t.Errorf("companies without a key at %s: %d %s %v", base, status, body, err)
		}
	}
	status, body, err := call(t.Context(), http.MethodPost, first.Control+"/api/v1/companies", first.APIKey, `{"name":"Kept"}`)
	if err != nil || status != http.StatusCreated {
		t.Fatalf("create company: %d %s %v", status, body, err)
	}

	ann := first.join(0, client.Options{Room: "demo", Name: "Ann", Media: both})
	bob := first.join(1, client.Options{Room: "demo", Name: "Bob"})
	sendTo(t, ann, bob)
	silent(t, first.POPs[2].URL)
	first.stop(syscall.SIGINT)
	if got := strings.Count(first.stdout.String(), "\n"); got != 1 || first.stderr.String() != "" {
		t.Errorf("more than one line was printed:\n%s%s", &first.stdout, &first.stderr)
	}

	second := dev(t, dir, "--pops", "1")
	if second.APIKey != first.APIKey {
		t.Error("the second run has another API key")
	}
	if got := names(second); !slices.Equal(got, []string{"fra"}) {
		t.Errorf("POPs %v", got)
	}
	if _, body, err := get(t, second.Control+"/api/v1/companies", first.APIKey); err != nil || !strings.Contains(body, `"Kept"`) {
		t.Errorf("the company is gone: %s %v", body, err)
	}
	second.join(0, client.Options{Room: "demo", Name: "Ann"})
	second.stop(syscall.SIGTERM)
}

func names(n *devNetwork) (out []string) {
	for _, p := range n.POPs {
		out = append(out, p.Name)
	}
	return out
}

// TestDevTable: what a person gets holds links that work, the API and its key.
func TestDevTable(t *testing.T) {
	port, dir := freeRun(t, 3)+1, t.TempDir()
	c := meridian(t, nil, "dev", "--pops", "2", "--port", strconv.Itoa(port), "--data", dir)
	wait(t, "the table is there", func() error {
		if strings.Contains(c.stdout.String(), "Ctrl-C") {
			return nil
		}
		_ = c.alive()
		return errNotYet
	})
	key, err := os.ReadFile(filepath.Join(dir, "control", "api-key"))
	if err != nil {
		t.Fatal(err)
	}
	table := c.stdout.String()
	for _, want := range []string{fmt.Sprintf("http://127.0.0.1:%d/api/v1", port-1), strings.TrimSpace(string(key)), dir, "2 POPs"} {
		if !strings.Contains(table, want) {
			t.Errorf("the table does not say %q:\n%s", want, table)
		}
	}
	links := regexp.MustCompile(`http://\S+/m/demo`).FindAllString(table, -1)
	if len(links) != 2 {
		t.Errorf("links %v", links)
	}
	for _, l := range links {
		answers(t, c, l, http.StatusOK)
	}
	c.stop(syscall.SIGINT)
}

// TestDevWAN: the links between POPs take as long as oceans do.
func TestDevWAN(t *testing.T) {
	n := dev(t, t.TempDir(), "--wan")
	var first *client.Client
	for i := range n.POPs {
		c := n.join(i, client.Options{Room: "far", Name: n.POPs[i].Name, Media: both})
		if i == 0 {
			first = c
			continue
		}
		sendTo(t, first, c)
	}
	for _, link := range []struct {
		from   int
		peer   string
		oneWay float64 // seconds
	}{{0, "iad-1", 0.045}, {0, "syd-1", 0.140}, {1, "syd-1", 0.085}} {
		pattern := regexp.MustCompile(`(?m)^meridian_relay_link_rtt_seconds\{peer="` + link.peer + `"\} (\S+)$`)
		wait(t, "the link to "+link.peer+" is measured", func() error {
			_, body, err := get(t, n.POPs[link.from].URL+"/metrics", "")
			if err != nil {
				return err
			}
			m := pattern.FindStringSubmatch(body)
			if m == nil {
				return errNotYet
			}
			rtt, err := strconv.ParseFloat(m[1], 64)
			if err != nil {
				return err
			}
			// A busy machine adds to it, nothing takes from it.
			if math.IsNaN(rtt) || rtt < 2*link.oneWay || rtt > 2*link.oneWay+0.15 {
				return fmt.Errorf("round trip %v s for 2 × %v s", rtt, link.oneWay)
			}
			return nil
		})
	}
	n.stop(syscall.SIGINT)
}

// TestDevListen: on all addresses there is HTTPS, told under an address that
// others can reach, with media on it, and the certificate is kept.
func TestDevListen(t *testing.T) {
	dir := t.TempDir()
	n := dev(t, dir, "--pops", "2", "--listen", "0.0.0.0")
	for _, p := range n.POPs {
		u, err := url.Parse(p.URL)
		if err != nil || u.Scheme != "https" {
			t.Fatalf("%s, %v", p.URL, err)
		}
		media, err := netip.ParseAddrPort(p.Media)
		if err != nil || media.Addr().IsUnspecified() || media.Addr().IsLoopback() {
			t.Errorf("media of %s at %s, %v", p.Name, p.Media, err)
		}
		if media.Addr().String() != u.Hostname() {
			t.Errorf("media at %s, page at %s", media, u.Host)
		}
		answers(t, n.command, p.URL+"/m/demo", http.StatusOK)
		answers(t, n.command, "https://127.0.0.1:"+u.Port()+"/m/demo", http.StatusOK)
	}
	ann := n.join(0, client.Options{Room: "demo", Name: "Ann", Media: both})
	bob := n.join(1, client.Options{Room: "demo", Name: "Bob"})
	reachNobody(t, ann, n.POPs[0].URL)
	sendTo(t, ann, bob)
	before := serial(t, n.POPs[0].URL)
	n.stop(syscall.SIGINT)

	again := dev(t, dir, "--pops", "1", "--listen", "0.0.0.0")
	if serial(t, again.POPs[0].URL) != before {
		t.Error("the browser has to trust another certificate after a restart")
	}
	again.stop(syscall.SIGINT)
}

// reachNobody fails the test where a client is told the address that means all
// of a machine's.
func reachNobody(t *testing.T, c *client.Client, base string) {
	t.Helper()
	told := append(candidates(c), attach(t, base))
	for _, s := range c.Joined.ICEServers {
		told = append(told, s.URLs...)
	}
	if len(told) < 4 {
		t.Errorf("a client is told only %q", told)
	}
	for _, text := range told {
		if strings.Contains(text, "0.0.0.0") || strings.Contains(text, "[::]") || strings.Contains(text, " :: ") {
			t.Errorf("an address that reaches nobody is announced: %s", text)
		}
	}
}

// candidates are the addresses of media in the answer to a client.
func candidates(c *client.Client) []string {
	return regexp.MustCompile(`a=candidate:[^\r\n]+`).FindAllString(c.Joined.Answer, -1)
}

func attach(t *testing.T, base string) string {
	t.Helper()
	_, body, err := get(t, base+"/api/v1/attach?room=demo", "")
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// TestDevEndsWhileStarting: Ctrl-C before the network is ready is no failure.
func TestDevEndsWhileStarting(t *testing.T) {
	for _, stage := range []string{"meridian.log", "control/raft", "fra-1"} {
		dir := t.TempDir()
		c := meridian(t, nil, "dev", "--json", "--port", strconv.Itoa(freeRun(t, 4)+1), "--data", dir)
		wait(t, stage+" is there", func() error {
			_ = c.alive()
			_, err := os.Stat(filepath.Join(dir, stage))
			return err
		})
		c.stop(syscall.SIGINT)
		if c.stderr.String() != "" {
			t.Errorf("ended at %s: %s", stage, &c.stderr)
		}
	}
}
