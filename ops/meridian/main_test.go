package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/meridian-video/meridian/ops/config"
)

func run(environ []string, args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	p := &process{strings.NewReader(""), &out, &err, environ, "absent"}
	code = p.run(args)
	return code, out.String(), err.String()
}

func TestCommands(t *testing.T) {
	const good = "../config/testdata/edge.good.yml"
	bad := filepath.Join(t.TempDir(), "bad.yml")
	if err := os.WriteFile(bad, []byte("node: fra-1\npops: fra\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		args    string
		environ []string
		code    int
		stdout  string // a part of it; "" is none at all
		stderr  string
	}{
		{args: "", stdout: "Usage: meridian"},
		{args: "--help", stdout: "config"},
		{args: "version", stdout: "meridian "},
		{args: "config print --config " + good + " --role edge", stdout: `join_secret: "***"`},
		{args: "config print --config " + good + " --role edge", environ: []string{"MERIDIAN_EDGE_HTTP_LISTEN=:8443"}, stdout: "listen: :8443"},
		{args: "config print --config " + good + " --role edge", environ: []string{"MERIDIAN_EDGE_HTTP_LISTEN=x"}, code: 2, stderr: "edge.http.listen"},
		{args: "config print --config " + bad + " --role edge", code: 2, stderr: "bad.yml:2:1: pops is not a known key\n"},
		{args: "config print --config absent.yml --role edge", code: 2, stderr: "absent.yml"},
		{args: "config print --role edge", code: 2, stderr: "--config"},
		{args: "config print --config " + good, code: 2, stderr: "--role"},
		{args: "config print --config " + good + " --role voter", code: 2, stderr: "voter"},
		{args: "dev --pops 13 --listen localhost --port 0", code: 2, stderr: "--pops 13"},
		{args: "dev --pops three", code: 2, stderr: "--pops"},
		{args: "control --config " + bad, code: 2, stderr: "bad.yml:2:1: pops is not a known key\n"},
		{args: "edge --config " + bad, code: 2, stderr: "bad.yml:2:1: pops is not a known key\n"},
		{args: "edge", code: 2, stderr: "--config"},
		{args: "cluster secret", stdout: "mrv1."},
		{args: "cluster status --key-file absent", code: 2, stderr: "--key-file"},
		{args: "cluster status --key-file " + good + " --server http://127.0.0.1:1", code: 1, stderr: "--server"},
		{args: "cluster remove", code: 2, stderr: "<node>"},
		{args: "snapshot save", code: 2, stderr: "<file>"},
		{args: "snapshot inspect absent", code: 2, stderr: "absent"},
		{args: "snapshot inspect " + good, code: 1, stderr: "not a whole snapshot file"},
		{args: "snapshot restore absent", code: 2, stderr: "--config"},
		{args: "config", code: 2, stderr: "print"},
		{args: "serve", code: 2, stderr: "serve"},
		{args: "version --loud", code: 2, stderr: "--loud"},
	}
	for _, test := range tests {
		code, stdout, stderr := run(test.environ, strings.Fields(test.args)...)
		if code != test.code || !says(stdout, test.stdout) || !says(stderr, test.stderr) {
			t.Errorf("meridian %s: exit %d, want %d\nstdout: %s\nstderr: %s", test.args, code, test.code, stdout, stderr)
		}
		if test.code != 0 && strings.Count(stderr, "\n") != strings.Count(stderr, "meridian: ") {
			t.Errorf("meridian %s: a line without the program's name\n%s", test.args, stderr)
		}
	}
}

// says reports whether a text holds a part, or is empty where none is wanted.
func says(text, part string) bool {
	return strings.Contains(text, part) && (part != "") == (text != "")
}

func TestVersion(t *testing.T) {
	info := &debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: "v0.1.0"}, Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "0123456789abcdef0123"}, {Key: "vcs.time", Value: "2026-11-20T12:00:00Z"}, {Key: "vcs.modified", Value: "true"},
	}}
	if got := version(info); !strings.HasPrefix(got, "meridian v0.1.0 (commit 0123456789ab with changes, of 2026-11-20T12:00:00Z, go1.26.8, ") {
		t.Errorf("got %s", got)
	}
	if got := version(nil); !strings.HasPrefix(got, "meridian devel (go") {
		t.Errorf("got %s", got)
	}
}

func TestLogKeepsToTheConfiguration(t *testing.T) {
	var out bytes.Buffer
	log := newLog(&out, config.Log{Level: "warn", Format: "json"})
	log.Info("quiet")
	log.Warn("loud")
	if got := out.String(); strings.Contains(got, "quiet") || !strings.Contains(got, `"msg":"loud"`) {
		t.Errorf("got %s", got)
	}
}
