package sfu

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the expected packets in testdata")

// Scripts: a block of commands, a line of dashes, what they gave, an empty
// line. Lines with a sharp are comments.
//
//	source NAME CODEC encodings=3 spatials=3 parts=2 narrow fixed
//	counters SOURCE eN seq=… pid=… tl0=… frame=… template=… ts=…
//	slot NAME SOURCE|none s0t2
//	switch SLOT SOURCE|none
//	target SLOT s0t2|none
//	up SOURCE eN… key bare xN every=33ms delay=0s lose=SEQ,… parts=N quiet
//	late SOURCE eN SEQ…   packets made before, lost or not
//	report SOURCE eN      its sender report
//	nack SLOT NUMBER…
//	pli SLOT
//	wait 500ms
//
// up makes the next picture of some encodings, or of all, captured a delay ago:
// its temporal layer follows the pattern 0 2 1 2, anew from each keyframe. A
// line may begin with "at 40ms", the time since the script began. As time goes
// by all tracks tick each 20 ms, and slots that are behind are served each
// 2 ms.
//
// Timestamps are in ticks since the script began (in) or since the slot's
// first packet (out), whose number is #0.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := newStage(t).run(string(text))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(text) {
				t.Errorf("got:\n%s\nwant:\n%s", got, text)
			}
		})
	}
}

// curtain is the instant of the node's clock at which scripts begin.
const curtain = 10 * time.Second

// A stage is what a script plays on.
type stage struct {
	clockwork
	t       *testing.T
	out     *strings.Builder
	sources []*performer
	slots   []*seat
}

func newStage(t *testing.T) *stage {
	return &stage{clockwork: clockwork{at: curtain}, t: t, out: &strings.Builder{}}
}

func (s *stage) run(text string) string {
	for block := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		commands, _, _ := strings.Cut(block, "\n----")
		fmt.Fprintf(s.out, "%s\n----\n", commands)
		for line := range strings.Lines(commands) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				s.do(line)
			}
		}
		s.out.WriteByte('\n')
	}
	return strings.TrimSpace(s.out.String()) + "\n"
}

func (s *stage) do(line string) {
	f := strings.Fields(line)
	if f[0] == "at" {
		s.pass(curtain + s.duration(f[1]))
		f = f[2:]
	}
	switch f[0] {
	case "source":
		s.source(f[1], ParseCodec(f[2]), s.parse(f[3:]))
	case "slot":
		s.slot(f[1], f[2], s.parse(f[3:]))
	case "counters":
		s.find(f[1]).counters(s.encoding(f[2]), s.parse(f[3:]))
	case "switch":
		s.seat(f[1]).down.Switch(s.upTrack(f[2]))
	case "target":
		s.seat(f[1]).down.SetTarget(s.layer(f[2]))
	case "up":
		s.find(f[1]).pictures(s.parse(f[2:]))
	case "late":
		s.find(f[1]).late(s.encoding(f[2]), f[3:])
	case "report":
		s.find(f[1]).report(s.encoding(f[2]))
	case "nack":
		s.seat(f[1]).nack(f[2:])
	case "pli":
		s.seat(f[1]).down.KeyframeRequest()
	case "wait":
		s.pass(s.at + s.duration(f[1]))
	default:
		s.t.Fatalf("no command %q", line)
	}
	s.notice()
}

// say writes a line of the trace.
func (s *stage) say(format string, args ...any) {
	fmt.Fprintf(s.out, "%5dms  %s\n", (s.at-curtain)/ms, strings.TrimRight(fmt.Sprintf(format, args...), " "))
}

// pass lets time go by until then.
func (s *stage) pass(then time.Duration) {
	for s.at < then {
		s.at += ms
		for _, p := range s.sources {
			if p.busy && s.at%burstInterval == 0 {
				p.busy = p.up.Work(s.at)
			}
			if s.at%(20*ms) == 0 {
				p.up.Tick(s.at)
			}
		}
		s.notice()
	}
}

// notice tells what slots show, and what they were refused, if that changed.
func (s *stage) notice() {
	for _, a := range s.slots {
		st := a.down.Stats()
		if st.Current != a.current || st.Waiting != a.waiting {
			a.current, a.waiting = st.Current, st.Waiting
			s.say("now %s %s%s", a.name, layerName(st.Current), [2]string{"", ", waits for a keyframe"}[b2u(st.Waiting)])
		}
		if n := st.NackRefused - a.refused; n > 0 {
			s.say("no  %s %d refused", a.name, n)
			a.refused = st.NackRefused
		}
	}
}
