package operator

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/meridian-video/meridian/testbed/client"
)

// roles are a control node and edges, written and started as the README says.
type roles struct {
	t                *testing.T
	dir              string
	cert, key        string
	serial           string
	api, cluster     string
	gossip           string
	apiKey, secret   string
	control          *command
	controlOperators string
	edges            map[string]*site
}

// site is an edge and where it is reached.
type site struct {
	*command
	url, operators string
}

func startRoles(t *testing.T) *roles {
	t.Helper()
	r := &roles{t: t, dir: t.TempDir(), edges: map[string]*site{}}
	r.cert, r.key, r.serial = writeCertificate(t, r.dir)
	p := freeRun(t, 5)
	r.api, r.cluster, r.gossip = at("https://", p), at("", p+1), at("", p+3)
	r.controlOperators = at("http://", p+4)
	data := filepath.Join(r.dir, "control")
	r.control = r.run("control", fmt.Sprintf(`
node: control-1
data: %s
log: {level: debug}
operator: {listen: "127.0.0.1:%d"}
gossip: {listen: ":%d"}
control:
  api: {listen: ":%d", tls: {cert: %s, key: %s}}
  cluster: {listen: ":%d"}
  raft: {listen: ":%d"}
`, data, p+4, p+3, p, r.cert, r.key, p+1, p+2))
	answers(t, r.control, r.controlOperators+"/readyz", http.StatusOK)
	r.apiKey, r.secret = read(t, filepath.Join(data, "api-key")), read(t, filepath.Join(data, "join-secret"))
	return r
}

func at(scheme string, port int) string { return fmt.Sprintf("%s127.0.0.1:%d", scheme, port) }

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

func (r *roles) run(name, configuration string) *command {
	r.t.Helper()
	file := filepath.Join(r.dir, name+".yml")
	if err := os.WriteFile(file, []byte(configuration), 0o600); err != nil {
		r.t.Fatal(err)
	}
	role := "edge"
	if name == "control" {
		role = name
	}
	// The nodes trust the certificate as a public one.
	return meridian(r.t, []string{"SSL_CERT_FILE=" + r.cert, "SSL_CERT_DIR=" + r.dir}, role, "--config", file)
}

// edge starts an edge that listens on all addresses, with more of the section
// edge as given, and does not wait for it.
func (r *roles) edge(pop, drain, media string) *site {
	r.t.Helper()
	secret := filepath.Join(r.dir, "join-secret")
	if err := os.WriteFile(secret, []byte(r.secret+"\n"), 0o600); err != nil {
		r.t.Fatal(err)
	}
	p := freeRun(r.t, 2)
	s := &site{url: at("https://", p), operators: at("http://", p+1)}
	s.command = r.run(pop, fmt.Sprintf(`
node: %s-1
pop: %s
data: %s
drain: %s
log: {level: debug}
operator: {listen: "127.0.0.1:%d"}
gossip: {listen: "0.0.0.0:0", seeds: [%q]}
edge:
  http: {listen: ":%d", url: %q, tls: {cert: %s, key: %s}}
  media: {listen: ":0"%s}
  turn: {udp: ":0", tcp: ":0"}
  relay: {listen: ":0"}
  control: [%q]
  join_secret_file: %s
`, pop, pop, filepath.Join(r.dir, pop), drain, p+1, r.gossip, p, s.url, r.cert, r.key, media, r.cluster, secret))
	r.edges[pop] = s
	return s
}

// sees waits until a POP lists exactly these.
func (r *roles) sees(s *site, pops ...string) {
	r.t.Helper()
	wait(r.t, fmt.Sprintf("%s lists %v", s.url, pops), func() error {
		var answer struct{ Nodes []struct{ POP string } }
		if err := json.Unmarshal([]byte(attach(r.t, s.url)), &answer); err != nil {
			return err
		}
		var got []string
		for _, n := range answer.Nodes {
			got = append(got, n.POP)
		}
		slices.Sort(got)
		if !slices.Equal(got, pops) {
			return fmt.Errorf("it lists %v", got)
		}
		return nil
	})
}

// mustCall makes a request to the API through an edge.
func (r *roles) mustCall(s *site, path, body string, into any) {
	r.t.Helper()
	status, answer, err := call(r.t.Context(), http.MethodPost, s.url+"/api/v1"+path, r.apiKey, body)
	if err != nil || status >= 300 {
		r.t.Fatalf("POST %s: %d %s %v", path, status, answer, err)
	}
	if err := json.Unmarshal([]byte(answer), into); err != nil {
		r.t.Fatal(err)
	}
}

// TestRolesWithCertificates: one control node and two edges on all addresses,
// behind certificates that are renewed under people's feet; then one drains, to
// its deadline, and says so. No log holds a secret.
func TestRolesWithCertificates(t *testing.T) {
	r := startRoles(t)
	fra, iad := r.edge("fra", "2s", ""), r.edge("iad", "1h", "")
	for _, s := range []*site{fra, iad} {
		answers(t, s.command, s.operators+"/readyz", http.StatusOK)
	}
	r.sees(fra, "fra", "iad")
	r.sees(iad, "fra", "iad")
	if body := answers(t, fra.command, fra.operators+"/healthz?verbose", http.StatusOK); !strings.Contains(body, "certificate ok") {
		t.Errorf("health does not list the certificate:\n%s", body)
	}
	for _, base := range []string{fra.operators, r.controlOperators} {
		for _, path := range []string{"/livez", "/metrics", "/debug/pprof/", "/debug/pprof/heap"} {
			answers(t, fra.command, base+path, http.StatusOK)
		}
	}
	for _, base := range []string{fra.url, r.api} {
		answers(t, fra.command, base+"/metrics", http.StatusNotFound)
		answers(t, fra.command, base+"/debug/statistics", http.StatusNotFound)
	}

	token := r.tenant(fra)
	ann, bob := r.join(fra, "Ann", token), r.join(iad, "Bob", token)
	reachNobody(t, ann, fra.url)
	sendTo(t, ann, bob)
	statisticsOf(t, fra, ann)
	const forged = "eyJhbGciOiJub25lIn0.eyJuYW1lIjoiTWFsbG9yeSJ9."
	refusedWith(t, fra.url, forged)

	r.renew(fra, iad)
	r.drain(fra, iad)
	iad.signal(syscall.SIGTERM)
	answers(t, iad.command, iad.operators+"/readyz", http.StatusServiceUnavailable)
	bob.Leave() // the last one: nothing is left to wait an hour for
	if code := iad.ends(); code != 0 {
		t.Errorf("exit code %d after draining", code)
	}
	r.control.stop(syscall.SIGTERM)

	secrets := map[string]string{"API key": r.apiKey, "join secret": r.secret, "token": token, "forged token": forged, "resume ticket": ann.Joined.Resume}
	for _, s := range ann.Joined.ICEServers {
		secrets["TURN credential"] = s.Credential
	}
	noSecrets(t, secrets, r.control, fra.command, iad.command)
}

// tenant makes a company with a room and returns a token for it.
func (r *roles) tenant(s *site) string {
	r.t.Helper()
	var company, room struct{ ID string }
	var minted struct{ Token string }
	r.mustCall(s, "/companies", `{"name":"Acme"}`, &company)
	r.mustCall(s, "/companies/"+company.ID+"/domains", `{"fqdn":"127.0.0.1"}`, &struct{}{})
	r.mustCall(s, "/companies/"+company.ID+"/rooms", `{"public_id":"board","kind":"call"}`, &room)
	r.mustCall(s, "/companies/"+company.ID+"/rooms/"+room.ID+"/tokens", `{"name":"Somebody"}`, &minted)
	return minted.Token
}

// admitted dials until an edge has heard of the room.
func admitted(t *testing.T, s *site, o client.Options, dial func(context.Context, client.Options) (*client.Client, error)) (c *client.Client) {
	t.Helper()
	wait(t, s.url+" knows the room", func() (err error) {
		c, err = try(t, s.url, o, dial)
		return err
	})
	return c
}

func (r *roles) join(s *site, name, token string) *client.Client {
	r.t.Helper()
	return admitted(r.t, s, client.Options{Room: "board", Name: name, Token: token, Media: both}, client.Join)
}

// statisticsOf waits until an operator can see how somebody's media travels.
func statisticsOf(t *testing.T, s *site, c *client.Client) {
	t.Helper()
	wait(t, "statistics of "+c.Joined.Self.Name, func() error {
		body := answers(t, s.command, s.operators+"/debug/statistics?room=board", http.StatusOK)
		var list []struct {
			Peer string `json:"peer_id"`
			Up   struct{ Score float64 }
			Sent []struct{ Kind string }
		}
		if err := json.Unmarshal([]byte(body), &list); err != nil {
			return err
		}
		for _, p := range list {
			if p.Peer == c.Joined.Peer && p.Up.Score >= 1 && len(p.Sent) > 0 {
				return nil
			}
		}
		return fmt.Errorf("it answers %s", body)
	})
}

// refusedWith tries a token that is good for nothing.
func refusedWith(t *testing.T, base, token string) {
	t.Helper()
	if _, err := try(t, base, client.Options{Room: "board", Token: token}, client.Join); !strings.Contains(fmt.Sprint(err), "token_") {
		t.Errorf("a forged token: %v", err)
	}
}

// try joins with client.Join, or with client.Dial where media cannot connect.
func try(t *testing.T, base string, o client.Options, dial func(context.Context, client.Options) (*client.Client, error)) (*client.Client, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	o.WS, o.HTTP = "ws"+strings.TrimPrefix(base, "http")+"/ws", &http.Client{Transport: insecure.Transport}
	c, err := dial(ctx, o)
	if err == nil {
		t.Cleanup(c.Close)
	}
	return c, err
}

// renew replaces the files: a good pair is taken up on SIGHUP, a broken one not.
func (r *roles) renew(sites ...*site) {
	r.t.Helper()
	served := map[*command]string{r.control: r.api}
	for _, s := range sites {
		served[s.command] = s.url
	}
	_, _, renewed := writeCertificate(r.t, r.dir)
	for c, base := range served {
		if serial(r.t, base) != r.serial {
			r.t.Error("another certificate is served before SIGHUP")
		}
		c.signal(syscall.SIGHUP)
		wait(r.t, "the renewed certificate is served", func() error {
			if serial(r.t, base) != renewed {
				return errNotYet
			}
			return nil
		})
	}
	if err := os.WriteFile(r.key, []byte("broken"), 0o600); err != nil {
		r.t.Fatal(err)
	}
	for c, base := range served {
		c.signal(syscall.SIGHUP)
		wait(r.t, "the broken certificate is told of", func() error {
			if !strings.Contains(c.stdout.String(), "certificate not reloaded") {
				return errNotYet
			}
			return nil
		})
		if serial(r.t, base) != renewed {
			r.t.Error("the good certificate is gone")
		}
	}
}

// drain ends an edge on which somebody stays.
func (r *roles) drain(s, other *site) {
	r.t.Helper()
	s.signal(syscall.SIGTERM)
	if body := answers(r.t, s.command, s.operators+"/readyz", http.StatusServiceUnavailable); body != "draining\n" {
		r.t.Errorf("readyz of a draining node: %q", body)
	}
	answers(r.t, s.command, s.operators+"/livez", http.StatusOK)
	if code := s.ends(); code != 0 {
		r.t.Errorf("exit code %d after draining", code)
	}
	if !strings.Contains(s.stdout.String(), "did not go in time") {
		r.t.Error("the log does not say who was left at the deadline")
	}
	r.sees(other, "iad")
}

// noSecrets reads all that processes have printed.
func noSecrets(t *testing.T, secrets map[string]string, processes ...*command) {
	t.Helper()
	for _, c := range processes {
		log := c.stdout.String() + c.stderr.String()
		if len(log) == 0 {
			t.Errorf("%v has printed nothing", c.cmd.Args[1:])
		}
		for what, secret := range secrets {
			if len(secret) < 8 {
				t.Fatalf("there is no %s to look for", what)
			}
			// Nor any telling part of it: what stands behind the last dot of a
			// token signs it, what follows the id of a key is the key.
			for _, part := range []string{secret, secret[strings.LastIndexAny(secret, "._:")+1:]} {
				if len(part) >= 8 && strings.Contains(log, part) {
					t.Errorf("%v: the %s is in the log", c.cmd.Args[1], what)
				}
			}
		}
	}
}

// TestDevLogHoldsNoSecret: the file that people send when something is wrong.
func TestDevLogHoldsNoSecret(t *testing.T) {
	dir := t.TempDir()
	n := dev(t, dir, "--pops", "2")
	ann := n.join(0, client.Options{Room: "demo", Name: "Ann", Media: both})
	n.join(1, client.Options{Room: "demo", Name: "Bob"})
	const forged = "eyJhbGciOiJub25lIn0.eyJuYW1lIjoiTWFsbG9yeSJ9."
	refusedWith(t, n.POPs[0].URL, forged)
	n.stop(syscall.SIGINT)
	log := read(t, filepath.Join(dir, "meridian.log"))
	if !strings.Contains(log, `"joined"`) {
		t.Fatal("the log holds no join")
	}
	secrets := []string{n.APIKey, read(t, filepath.Join(dir, "control", "join-secret")), forged, ann.Joined.Resume}
	for _, s := range ann.Joined.ICEServers {
		secrets = append(secrets, s.Credential)
	}
	for _, s := range secrets {
		if len(s) < 8 || strings.Contains(log, s) {
			t.Errorf("%.8s… is in the log or nothing at all", s)
		}
	}
}

// TestEdgeWaitsForControl: without control and without an identity an edge lives,
// is not ready, says why, and ends when asked; with control it goes on.
func TestEdgeWaitsForControl(t *testing.T) {
	r := startRoles(t)
	r.control.stop(syscall.SIGTERM)
	s := r.edge("fra", "1s", "")
	answers(t, s.command, s.operators+"/livez", http.StatusOK)
	if body := answers(t, s.command, s.operators+"/readyz", http.StatusServiceUnavailable); !strings.Contains(body, "starting") {
		t.Errorf("readyz says %q", body)
	}
	answers(t, s.command, s.url+"/m/demo", http.StatusServiceUnavailable)
	s.stop(syscall.SIGTERM)

	s = r.edge("fra", "1s", "")
	answers(t, s.command, s.operators+"/readyz", http.StatusServiceUnavailable)
	r.control = meridian(t, nil, "control", "--config", filepath.Join(r.dir, "control.yml"))
	answers(t, s.command, s.operators+"/readyz", http.StatusOK)
	r.control.stop(syscall.SIGTERM)
	wait(t, "health says that control is away", func() error {
		if body := answers(t, s.command, s.operators+"/healthz?verbose", http.StatusOK); !strings.Contains(body, "[!] control not heard") {
			return fmt.Errorf("it says %q", body)
		}
		return nil
	})
	answers(t, s.command, s.operators+"/readyz", http.StatusOK)
	s.stop(syscall.SIGTERM)
}

// TestAnnounced: behind NAT clients are told the announced addresses alone, and
// a second signal ends a node that would drain for an hour.
func TestAnnounced(t *testing.T) {
	r := startRoles(t)
	s := r.edge("fra", "1h", `, announce: ["203.0.113.5", "203.0.113.6:7100"]`)
	answers(t, s.command, s.operators+"/readyz", http.StatusOK)
	c := admitted(t, s, client.Options{Room: "board", Name: "Ann", Token: r.tenant(s)}, client.Dial)
	told := strings.Join(candidates(c), "\n")
	for _, want := range []string{" 203.0.113.5 ", " 203.0.113.6 7100 "} {
		if !strings.Contains(told, want) {
			t.Errorf("the answer lacks %q:\n%s", want, told)
		}
	}
	if strings.Contains(told, "127.0.0.1") || strings.Contains(told, "0.0.0.0") {
		t.Errorf("the answer tells of other addresses:\n%s", told)
	}
	for _, server := range c.Joined.ICEServers {
		for _, u := range server.URLs {
			if !strings.HasPrefix(u, "turn:203.0.113.") {
				t.Errorf("TURN at %s", u)
			}
		}
	}
	s.signal(syscall.SIGTERM)
	answers(t, s.command, s.operators+"/readyz", http.StatusServiceUnavailable)
	s.signal(syscall.SIGINT)
	if code := s.ends(); code == 0 {
		t.Error("exit code 0 after a second signal")
	}
	r.control.stop(syscall.SIGINT)
}
