package main

import (
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/meridian-video/meridian/ops/dev"
)

// network is a development network, with the environment of somebody who uses it.
func network(t *testing.T) (environ []string, key string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	o := dev.Options{POPs: 1, Listen: "127.0.0.1", Port: port, Data: t.TempDir()}
	n, err := dev.Start(t.Context(), o, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return []string{"MERIDIAN_API=http://127.0.0.1:" + strings.TrimPrefix(l.Addr().String(), "127.0.0.1:"), "MERIDIAN_API_KEY=" + n.APIKey}, n.APIKey
}

func TestThingsAreMadeShownChangedAndEnded(t *testing.T) {
	environ, key := network(t)
	ask := func(code int, args ...string) (stdout, stderr string) {
		t.Helper()
		got, stdout, stderr := run(environ, args...)
		if got != code {
			t.Fatalf("meridian %v: exit %d, want %d\n%s%s", args, got, code, stdout, stderr)
		}
		if strings.Contains(stdout+stderr, key) {
			t.Fatalf("meridian %v prints the key", args)
		}
		return stdout, stderr
	}
	wants := func(text string, parts ...string) {
		t.Helper()
		for _, part := range parts {
			if !strings.Contains(text, part) {
				t.Errorf("%q is not in\n%s", part, text)
			}
		}
	}
	out, _ := ask(0, "company", "list")
	wants(out, "ID ", "dev", "Development")

	// One company needs no name; a second one does.
	ask(0, "room", "create", "public_id=standup", "name=Stand-up", "settings.lobby=true")
	out, _ = ask(0, "room", "list", "public_id=standup", "--json")
	var rooms []struct {
		ID       string
		Settings struct{ Lobby bool }
	}
	if err := json.Unmarshal([]byte(out), &rooms); err != nil || len(rooms) != 1 || !rooms[0].Settings.Lobby {
		t.Errorf("the list is %s (%v)", out, err)
	}
	out, _ = ask(0, "room", "update", "standup", "open=true", "name=")
	wants(out, "open              true")
	_, says := ask(1, "room", "create", "public_id=standup")
	wants(says, "conflict", "  public_id: is taken")
	ask(0, "company", "create", "id=other", "name=Other")
	_, says = ask(2, "room", "list")
	wants(says, "dev, other", "--company")
	_, says = ask(1, "room", "get", "absent", "--company", "dev")
	wants(says, "not_found", "meridian room list")
	_, says = ask(2, "room", "list", "--reseller", "northwind")
	wants(says, "--reseller")

	// A key is shown once, does what it may, and is replaced without a gap.
	out, says = ask(0, "api-key", "create", "--company", "dev", "name=server", "scopes=rooms:read")
	wants(says, "not shown again")
	id, secret := member(out, "id"), member(out, "key")
	out, _ = ask(0, "api-key", "get", id, "--company", "dev")
	if strings.Contains(out, secret) {
		t.Error("the key is shown again")
	}
	limited := append(slices.Clone(environ[:1]), "MERIDIAN_API_KEY="+secret)
	code, _, says := run(limited, "room", "create", "--company", "dev")
	if code != 1 {
		t.Errorf("a key that may read writes: exit %d", code)
	}
	wants(says, "insufficient_scope", "rooms:write")
	out, says = ask(0, "api-key", "rotate", id, "--company", "dev", "--overlap", "1h")
	wants(says, "not shown again", id)
	next := append(slices.Clone(environ[:1]), "MERIDIAN_API_KEY="+member(out, "key"))
	for _, with := range [][]string{limited, next} {
		if code, _, says := run(with, "room", "list", "--company", "dev"); code != 0 {
			t.Errorf("while both keys live: exit %d\n%s", code, says)
		}
	}
	ask(0, "api-key", "revoke", id, "--company", "dev")
	code, _, says = run(limited, "room", "list", "--company", "dev")
	if code != 1 {
		t.Errorf("a revoked key: exit %d", code)
	}
	wants(says, "unauthorized", "--key-file")

	out, _ = ask(0, "token", "create", "--company", "dev", "room=standup", "name=Ada")
	wants(out, "token ", "expires_at")
	_, says = ask(0, "room", "delete", "standup", "--company", "dev")
	wants(says, "is done")
	_, says = ask(0, "room", "list", "--company", "dev")
	wants(says, "There are none.")
}

// member reads a line of a card.
func member(card, name string) string {
	for line := range strings.Lines(card) {
		if f := strings.Fields(line); len(f) == 2 && f[0] == name {
			return f[1]
		}
	}
	return ""
}

func TestListsGoOnToTheirEnd(t *testing.T) {
	var asked []string
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RawQuery)
		page := map[string]any{"items": []any{map[string]string{"id": r.URL.Query().Get("cursor") + "x"}}}
		if len(asked) < 3 {
			page["next_cursor"] = strings.Repeat("n", len(asked))
		}
		_ = json.NewEncoder(w).Encode(page)
	}))
	defer api.Close()
	environ := []string{"MERIDIAN_API=" + api.URL, "MERIDIAN_API_KEY=k"}
	code, out, says := run(environ, "company", "list", "--limit", "0")
	if want := []string{"limit=200", "cursor=n&limit=200", "cursor=nn&limit=200"}; code != 0 || !slices.Equal(asked, want) || out != "ID\nx\nnx\nnnx\n" {
		t.Errorf("exit %d, asked %v\n%s%s", code, asked, out, says)
	}
	asked = nil
	if _, _, says = run(environ, "company", "list", "--limit", "1"); !slices.Equal(asked, []string{"limit=1"}) || !strings.Contains(says, "more than 1") {
		t.Errorf("asked %v: %s", asked, says)
	}
}

func TestAKeyIsFoundInItsPlaces(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	dir, err := dev.Options{}.Dir()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "control"), 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key")
	for name, content := range map[string]string{filepath.Join(dir, dev.FileAPI): "http://127.0.0.1:9\n", filepath.Join(dir, dev.FileAPIKey): "dev\n", file: "file\n"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		remote      remote
		environ     []string
		server, key string // no key: it is refused
	}{
		{remote{}, nil, "http://127.0.0.1:9", "dev"},
		{remote{Server: "https://api.example/"}, nil, "https://api.example", ""},
		{remote{KeyFile: file}, nil, defaultServer, "file"},
		{remote{KeyFile: file}, []string{"MERIDIAN_API_KEY=env"}, defaultServer, "file"},
		{remote{}, []string{"MERIDIAN_API_KEY=env"}, defaultServer, "env"},
		{remote{}, []string{"MERIDIAN_API_KEY_FILE=" + file, "MERIDIAN_API=http://a"}, "http://a", "file"},
	}
	for _, test := range tests {
		p := &process{environ: test.environ, keyFile: "absent"}
		key, err := test.remote.key(p)
		if server := test.remote.server(p); server != test.server || key != test.key || (err == nil) != (test.key != "") {
			t.Errorf("%+v %v: %q at %s (%v), want %q at %s", test.remote, test.environ, key, server, err, test.key, test.server)
		}
	}
}

// Routes to come must not take a word that a command made by hand has.
func TestThingsLeaveOtherCommandsAlone(t *testing.T) {
	const future = `{"paths":{"/api/v1/companies/{company}/usage":{"get":{"operationId":"list-usage","summary":"List ledgers","tags":["usage"]}},
		"/api/v1/snapshots":{"get":{"operationId":"list-snapshots","summary":"List snapshots","tags":["snapshots"]}},
		"/api/v1/companies/{company}/webhooks/{webhook}/test":{"post":{"operationId":"test-webhook","summary":"Test a webhook","tags":["webhooks"]}}}}`
	all := &commands{}
	options, err := thingCommands([]byte(future), all)
	if err != nil {
		t.Fatal(err)
	}
	parser, err := kong.New(all, append(options, kong.Vars{"server": "", "keyfile": ""})...)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"usage list", "usage verify x --key k", "snapshot inspect x", "webhook test w1"} {
		if _, err := parser.Parse(strings.Fields(line)); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestCompletion(t *testing.T) {
	tests := []struct {
		words string // with a space at the end: a new word begins
		want  []string
		not   []string
	}{
		{"", []string{"room", "dev", "cluster"}, []string{"complete"}},
		{"ro", []string{"room", "root-domain"}, []string{"dev"}},
		{"room ", []string{"list", "create"}, []string{"room"}},
		{"room create ", []string{"name=", "settings.lobby="}, nil},
		{"room create name=x ", []string{"public_id="}, []string{"name="}},
		{"room create kind=", []string{"kind=call", "kind=webinar"}, nil},
		{"room create open=t", []string{"open=true"}, []string{"open=false"}},
		{"room list --co", []string{"--company"}, []string{"--json"}},
		{"api-key delete --", []string{"--server", "--help"}, nil},
		{"completion ", []string{"bash", "zsh", "fish"}, nil},
	}
	for _, test := range tests {
		args := append([]string{"complete", "--"}, strings.Split(test.words, " ")...)
		code, out, says := run(nil, args...)
		var words []string
		for line := range strings.Lines(out) {
			word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
			words = append(words, word)
		}
		for _, w := range test.want {
			if code != 0 || !slices.Contains(words, w) {
				t.Errorf("%q: exit %d, %v, want %s\n%s", test.words, code, words, w, says)
			}
		}
		for _, w := range test.not {
			if slices.Contains(words, w) {
				t.Errorf("%q offers %s", test.words, w)
			}
		}
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if code, out, _ := run(nil, "completion", shell); code != 0 || !strings.Contains(out, "meridian complete --") {
			t.Errorf("%s: exit %d: %s", shell, code, out)
		}
	}
}

func TestRefusalsSayWhatToDoNext(t *testing.T) {
	for code, part := range map[string]string{
		"unauthorized": "--key-file", "forbidden": "--company", "too_many_requests": "in 7 s", "internal": "request r1", "validation_failed": "--help", "stale": "faster",
	} {
		api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTeapot)
			_ = json.NewEncoder(w).Encode(map[string]any{"code": code, "request_id": "r1", "errors": []any{map[string]string{"field": "name", "reason": "is \x1b[2J"}}})
		}))
		exit, _, says := run([]string{"MERIDIAN_API=" + api.URL, "MERIDIAN_API_KEY=k"}, "room", "update", "x", "name=y", "--company", "dev")
		api.Close()
		if exit != 1 || !strings.Contains(says, part) || !strings.Contains(says, "name: is") || strings.Contains(says, "\x1b") {
			t.Errorf("%s: exit %d: %q", code, exit, says)
		}
	}
}
