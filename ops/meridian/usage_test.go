package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/control/history/record"
)

// controlNode leaves the files of a control node that has seen a stay in each of two months, and returns its
// configuration.
func controlNode(t *testing.T) (dir, config string) {
	t.Helper()
	dir = t.TempDir()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	config = filepath.Join(dir, "control.yml")
	for file, content := range map[string][]byte{
		filepath.Join(dir, "signing.key"): pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
		config:                            []byte("node: control-1\ndata: " + dir + "\n"),
	} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := history.Open(t.Context(), "sqlite:"+filepath.Join(dir, "history.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, month := range []time.Month{time.January, time.February} {
		at := time.Date(2026, month, 10, 12, 0, 0, 0, time.UTC)
		live := record.Live{Company: "acme", Room: "daily", Session: month.String(), At: at}
		presence := record.PresenceID(live.Session, "ann", at)
		left := live
		left.At = at.Add(time.Minute)
		if err := s.Ingest(t.Context(),
			&record.Joined{Live: live, Presence: presence, Peer: "ann", Role: record.Regular, Mode: record.Speaker},
			&record.Left{Live: left, Presence: presence, Peer: "ann", Reason: record.ReasonLeft},
		); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, config
}

func TestUsageIsExportedAndVerified(t *testing.T) {
	dir, config := controlNode(t)
	january, february, key := filepath.Join(dir, "1"), filepath.Join(dir, "2"), filepath.Join(dir, "key.pem")
	must := func(args ...string) string {
		t.Helper()
		code, stdout, stderr := run(nil, args...)
		if code != 0 || stderr != "" {
			t.Fatalf("meridian %v: exit %d: %s", args, code, stderr)
		}
		return stdout
	}
	must("usage", "export", "--config", config, "--company", "acme", "--month", "2026-01", "--out", january)
	content := must("usage", "export", "--config", config, "--company", "acme", "--month", "2026-02")
	if err := os.WriteFile(february, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(key, []byte(must("usage", "key", "--config", config)), 0o600); err != nil {
		t.Fatal(err)
	}
	want := "2: genuine, company acme, 2026-02: 1 sessions, 1 stays, 60 s\n"
	if got := must("usage", "verify", february, "--key", key, "--previous", january); got != want {
		t.Errorf("got %s", got)
	}

	_, otherConfig := controlNode(t)
	other := filepath.Join(dir, "other.pem")
	if err := os.WriteFile(other, []byte(must("usage", "key", "--config", otherConfig)), 0o600); err != nil {
		t.Fatal(err)
	}
	bad := func(name string, content []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	lines := bytes.SplitAfter([]byte(content), []byte("\n"))
	changed := bad("changed", bytes.Replace([]byte(content), []byte("daily"), []byte("dally"), 1))
	short := bad("short", append(bytes.Clone(lines[0]), bytes.Join(lines[2:], nil)...))
	tests := []struct {
		args []string
		code int
		says string
	}{
		{[]string{"usage", "verify", changed, "--key", key}, exitFailed, "the ledger was changed"},
		{[]string{"usage", "verify", short, "--key", key}, exitFailed, "lines are missing: the total is of 1 sessions, there are 0"},
		{[]string{"usage", "verify", february, "--key", other}, exitFailed, "signed by another key"},
		{[]string{"usage", "verify", february, "--key", january}, exitRefused, "no Ed25519 public key"},
		{[]string{"usage", "verify", january, "--key", key, "--previous", february}, exitFailed, "is the first"},
		{[]string{"usage", "verify", february, "--key", key, "--previous", changed}, exitFailed, "was changed"},
		{[]string{"usage", "verify", filepath.Join(dir, "absent"), "--key", key}, exitFailed, "absent"},
		{[]string{"usage", "verify", february}, exitRefused, "--key"},
		{[]string{"usage", "export", "--config", config, "--company", "acme", "--month", "January"}, exitRefused, "2026-11"},
		{[]string{"usage", "export", "--config", config, "--company", "acme", "--month", "2190-01"}, exitFailed, "three days after its end"},
	}
	for _, test := range tests {
		code, stdout, stderr := run(nil, test.args...)
		if code != test.code || !strings.Contains(stderr, test.says) || stdout != "" {
			t.Errorf("meridian %v: exit %d: %s%s, want %d: %s", test.args, code, stdout, stderr, test.code, test.says)
		}
	}
}
