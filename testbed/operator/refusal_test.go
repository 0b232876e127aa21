package operator

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestRefusals: what cannot work is said in one line, with the code that says
// whether it is worth trying again.
func TestRefusals(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	edge := filepath.Join(dir, "edge.yml")
	for name, content := range map[string]string{
		file: "x",
		edge: "node: fra-1\npop: fra\ndrain: soon\nedge:\n  http: {url: \"https://fra.example.net\", ports: 2}\n",
	} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	control := filepath.Join(dir, "control.yml")
	content := fmt.Sprintf("node: control-1\ndata: %s\ncontrol:\n  api: {listen: \"127.0.0.1:%d\"}\n", filepath.Join(dir, "control"), port)
	if err := os.WriteFile(control, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	inUse := fmt.Sprintf("meridian: TCP port %d is in use", port)
	for _, test := range []struct {
		args string
		code int
		says []string // a line each
	}{
		{fmt.Sprintf("dev --port %d --data %s/a", port, dir), 1, []string{inUse}},
		{fmt.Sprintf("dev --port %d --data %s/b", port+1, dir), 1, []string{inUse}},
		{"dev --data " + file + "/below", 1, []string{"meridian: --data " + file + "/below cannot be made: not a directory"}},
		{"dev --data " + file, 1, []string{"meridian: --data " + file + " cannot be made: not a directory"}},
		{"dev --listen 203.0.113.77 --data " + dir + "/c", 1, []string{"meridian: 203.0.113.77:8080 is not an address of this machine"}},
		{"dev --pops 0", 2, []string{"meridian: --pops 0 is not between 1 and 12"}},
		{"dev --port 99999", 2, []string{"meridian: --port 99999 is not between"}},
		{"dev --listen everywhere", 2, []string{`meridian: --listen "everywhere" is not an IP address`}},
		{"dev --loud", 2, []string{"meridian: unknown flag --loud"}},
		{"dance", 2, []string{"meridian: unexpected argument dance"}},
		{"control --config " + control, 1, []string{inUse}},
		{"edge --config " + edge, 2, []string{"edge.yml:3:8: drain \"soon\"", "edge.yml:5:42: edge.http.ports is not a known key"}},
		{"edge --config " + dir + "/absent.yml", 2, []string{"absent.yml: no such file"}},
	} {
		c := meridian(t, nil, strings.Fields(test.args)...)
		code := c.ends()
		lines := strings.Split(strings.TrimSuffix(c.stderr.String(), "\n"), "\n")
		ok := code == test.code && len(lines) == len(test.says) && c.stdout.String() == ""
		for i := 0; ok && i < len(lines); i++ {
			ok = strings.Contains(lines[i], test.says[i])
		}
		if !ok {
			t.Errorf("meridian %s: exit code %d, want %d and %q\n%s%s", test.args, code, test.code, test.says, &c.stdout, &c.stderr)
		}
	}
}

// TestOneDirectoryTwice: a second network on a directory ends with a line and
// leaves the first alone.
func TestOneDirectoryTwice(t *testing.T) {
	dir := t.TempDir()
	first := dev(t, dir, "--pops", "1")
	before, err := os.ReadFile(filepath.Join(dir, "meridian.log"))
	if err != nil {
		t.Fatal(err)
	}
	second := meridian(t, nil, "dev", "--pops", "1", "--port", strconv.Itoa(freeRun(t, 2)+1), "--data", dir)
	if code := second.ends(); code != 1 {
		t.Errorf("exit code %d", code)
	}
	if text := second.stderr.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "used by another process") {
		t.Errorf("it says %q", text)
	}
	if after, err := os.ReadFile(filepath.Join(dir, "meridian.log")); err != nil || !strings.HasPrefix(string(after), string(before)) {
		t.Errorf("the log of the first is not what it was, %v", err)
	}
	answers(t, first.command, first.POPs[0].URL+"/readyz", 200)
	first.stop(syscall.SIGINT)
}

// TestConfigPrint: everything but the secret.
func TestConfigPrint(t *testing.T) {
	file := filepath.Join(t.TempDir(), "edge.yml")
	const secret = "mrd1.this-is-not-for-anyone"
	content := "node: fra-1\npop: fra\nedge:\n  http: {url: \"https://fra.example.net\"}\n  control: [\"control.example.net:7900\"]\n"
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	c := meridian(t, []string{"MERIDIAN_EDGE_JOIN_SECRET=" + secret}, "config", "print", "--config", file, "--role", "edge")
	if code := c.ends(); code != 0 {
		t.Fatalf("exit code %d: %s", code, &c.stderr)
	}
	text := c.stdout.String()
	if !strings.Contains(text, `join_secret: "***"`) || !strings.Contains(text, "url: https://fra.example.net") || strings.Contains(text, secret) {
		t.Error(text)
	}
}
