//go:build linux

package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/testbed/cluster"
	"github.com/meridian-video/meridian/testbed/wan/fleet"
)

// stderr runs a command and returns what it complains of, and its exit code.
func stderr(t *testing.T, args ...string) (string, int) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	before := os.Stderr
	os.Stderr = w
	code := command(args)
	os.Stderr = before
	_ = w.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b), code
}

func TestWrongCommandsAreRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "topology")
	if err := os.WriteFile(file, []byte("pop fra\nlink fra iad delay=1ms\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"--topology", file}, `wan: ` + file + `:2: no POP "iad" above`},
		{[]string{"--topology", "/nowhere"}, "wan: open /nowhere: no such file"},
		{[]string{"measure", "--cases", "quake"}, `wan: no case "quake"`},
		{[]string{"measure", "--deaths", "shame"}, `wan: death "shame" is not kill or silence`},
		{[]string{"measure", "--times", "0"}, "wan: --times 0 is not 1 to 1000"},
		{[]string{"--speed"}, "wan: unknown flag --speed"},
	} {
		got, code := stderr(t, test.args...)
		if code != 2 || !strings.HasPrefix(got, test.want) {
			t.Errorf("%q: exit code %d, %q; want %q", test.args, code, got, test.want)
		}
	}
}

// TestASession says to a running network what somebody would at a prompt, and
// reads what they would: first that something is wrong, then what has become of it.
func TestASession(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	f, end, err := begin(ctx, fleet.Options{Topology: fleet.World(), Dir: t.TempDir(), Logs: cluster.Artifacts(t), Binary: cluster.Binary(t), Here: true})
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	out := &bytes.Buffer{}
	d := &desk{fleet: f, out: out, people: map[string]*fleet.Person{}}
	d.greet()
	for _, step := range []struct{ say, want string }{
		{"", "fra"},
		{"help", "silence HOST"},
		{"sever fra syd", `refused: no word "sever"`},
		{"cut fra lhr", `refused: no host "lhr"`},
		{"kill ann", `refused: no node "ann"`},
		{"start fra", "refused: fra runs"},
		{"join fra iad", `refused: "fra" is the name of a machine`},
		{"leave ann", `refused: nobody is called "ann"`},
		{"wait long", "refused: wait long is not like wait 5s"},
		{"wait 1ms", ""},
		{"join ann fra\nshow", "ann"},
		{"link fra syd loss=2% burst=5\nshow", "loss=2% burst=5"},
		{"links jitter=3ms\nshow", "jitter=3ms"},
		{"oneway fra syd\nshow", "  cut  "},
		{"heal fra syd\nsilence syd\nshow", "silent"},
		{"wake syd\nkill iad\nstart iad", ""},
		{"leave ann\njoin ann iad\nshow\nquit\ncut", "at iad"},
	} {
		out.Reset()
		if step.say == "" {
			d.greet()
		} else if err := d.read(ctx, strings.NewReader(step.say+"\n")); err != nil {
			t.Fatalf("%q: %v", step.say, err)
		}
		if got := out.String(); !strings.Contains(got, step.want) || step.want == "" && got != "" {
			t.Errorf("%q: got %q, want %q", step.say, got, step.want)
		}
	}
	if s, err := f.Net.State("fra", "syd"); err != nil || s.Cut || s.Silent {
		t.Errorf("in the end: %+v, %v", s, err)
	}
}

func TestQuantiles(t *testing.T) {
	r := &report{fault: fault{name: "home", death: "kill"}}
	for i := range 20 {
		r.add(outcome{decided: time.Duration(i+1) * time.Millisecond, hit: [2]time.Duration{-1, 0}, leaves: 1})
	}
	out := &strings.Builder{}
	write(out, []*report{r, {fault: fault{name: "transit"}, never: 3}})
	for _, want := range []string{"home kill", "10 / 19 / 20", "-, 20 not in time", "  20  ", "3 more were not made"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
