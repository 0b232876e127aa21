package allocation

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/edge/sfu"
)

var update = flag.Bool("update", false, "rewrite the expected allocations in testdata")

// tick is the time between two rounds of the tests.
const tick = 100 * time.Millisecond

// Scripts: a block of commands, a line of dashes, the allocations they gave,
// an empty line. Lines with a sharp are comments.
//
//	slot N source=… priority=… size=WxH layers=KBIT/HEIGHT,… temporal=N screen hidden
//	gone N
//	run BUDGET ROUNDS   kbit/s; prints the first round and those that differ
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := (&script{t: t}).run(string(text))
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

type script struct {
	t     *testing.T
	a     Allocator
	slots []Slot
	now   time.Duration
	last  string
}

func (s *script) run(text string) string {
	var out strings.Builder
	for block := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		commands, _, _ := strings.Cut(block, "\n----")
		fmt.Fprintf(&out, "%s\n----\n", commands)
		for line := range strings.Lines(commands) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				s.do(&out, strings.Fields(line))
			}
		}
		out.WriteByte('\n')
	}
	return strings.TrimSpace(out.String()) + "\n"
}

func (s *script) do(out *strings.Builder, f []string) {
	switch f[0] {
	case "slot":
		*s.slot(f[1]) = s.parse(f[2:])
	case "gone":
		s.slot(f[1]).Source = ""
	case "run":
		s.last = ""
		for range s.number(f[2]) {
			d := s.a.Allocate(s.now, s.number(f[1])*1000, s.slots)
			if line := describe(d); line != s.last {
				fmt.Fprintf(out, "%5.1fs %s\n", s.now.Seconds(), line)
				s.last = line
			}
			s.now += tick
		}
	default:
		s.t.Fatalf("no command %q", f[0])
	}
}

func (s *script) slot(name string) *Slot {
	i := s.number(name)
	for len(s.slots) <= i {
		s.slots = append(s.slots, Slot{})
	}
	return &s.slots[i]
}

func (s *script) number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

func (s *script) parse(fields []string) Slot {
	slot := Slot{Visible: true}
	temporal, planes := 1, ""
	for _, f := range fields {
		key, value, _ := strings.Cut(f, "=")
		switch key {
		case "source":
			slot.Source = value
		case "priority":
			slot.Priority = map[string]Priority{"share": Share, "pinned": Pinned, "speaker": Speaker}[value]
		case "size":
			w, h, _ := strings.Cut(value, "x")
			slot.Width, slot.Height = s.number(w), s.number(h)
		case "temporal":
			temporal = s.number(value)
		case "layers":
			planes = value
		case "screen":
			slot.Screen = true
		case "hidden":
			slot.Visible = false
		default:
			s.t.Fatalf("no attribute %q", key)
		}
	}
	for i, p := range strings.Split(planes, ",") {
		if kbit, height, ok := strings.Cut(p, "/"); ok {
			slot.Layers = append(slot.Layers, layers(i, temporal, s.number(kbit)*1000, s.number(height))...)
		}
	}
	return slot
}

// layers are the temporal layers of one spatial layer.
func layers(spatial, temporals, bitrate, height int) []sfu.LayerStats {
	var all []sfu.LayerStats
	for t := range temporals {
		all = append(all, sfu.LayerStats{
			Layer:   sfu.Layer{Spatial: int8(spatial), Temporal: int8(t)},
			Bitrate: bitrate * usualShare[temporals-1-t] / 100,
			Width:   height * 16 / 9, Height: height,
		})
	}
	return all
}

func describe(d Division) string {
	var b strings.Builder
	fmt.Fprintf(&b, "used %4d of %4d:", d.Used/1000, d.Wanted/1000)
	for i, g := range d.Grants {
		target := "-"
		if g.Target != sfu.NoLayer {
			target = fmt.Sprintf("S%dT%d", g.Target.Spatial, g.Target.Temporal)
		}
		fmt.Fprintf(&b, " | %d %-4s %s", i, target, g.Reason)
	}
	return b.String()
}
