package tree

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/geo"
)

var update = flag.Bool("update", false, "rewrite the expected trees in testdata")

// Scripts: a block of commands, a line of dashes, what they print, an empty line. Lines
// with a sharp are comments. Nodes lie on a plane, a unit of which is a millisecond of
// round trip; link says otherwise for one pair.
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
			got := newScript(t).run(string(text))
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
	in    Input
	at    map[geo.NodeID][2]float64
	links map[[2]geo.NodeID]Link
	plan  *Tree
}

func newScript(t *testing.T) *script {
	s := &script{t: t, in: Input{Key: "room"}, at: map[geo.NodeID][2]float64{}, links: map[[2]geo.NodeID]Link{}}
	s.in.Link = func(a, b geo.NodeID) Link {
		if l, ok := s.links[[2]geo.NodeID{min(a, b), max(a, b)}]; ok {
			return l
		}
		from, to := s.at[a], s.at[b]
		return Link{RTT: time.Duration(math.Hypot(from[0]-to[0], from[1]-to[1]) * float64(time.Millisecond))}
	}
	return s
}

func (s *script) run(text string) string {
	var out strings.Builder
	for block := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n\n") {
		commands, _, _ := strings.Cut(block, "\n----")
		out.WriteString(commands + "\n----\n")
		for line := range strings.Lines(commands) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				out.WriteString(s.do(strings.Fields(line)))
			}
		}
		out.WriteString("\n")
	}
	return strings.TrimRight(out.String(), "\n") + "\n"
}

func (s *script) do(words []string) string {
	arg := map[string]string{}
	for _, w := range words[1:] {
		k, v, _ := strings.Cut(w, "=")
		arg[k] = v
	}
	switch words[0] {
	case "origin":
		s.in.Origin = geo.NodeID(words[1])
	case "key":
		s.in.Key = words[1]
	case "fan-out":
		s.in.FanOut = int(s.number(words[1]))
	case "node":
		s.node(geo.NodeID(words[1]), arg)
	case "gone":
		s.in.Nodes = slices.DeleteFunc(s.in.Nodes, func(n Node) bool { return n.ID == geo.NodeID(words[1]) })
	case "link":
		a, b := geo.NodeID(words[1]), geo.NodeID(words[2])
		_, down := arg["down"]
		s.links[[2]geo.NodeID{min(a, b), max(a, b)}] = Link{
			RTT: time.Duration(s.number(cmp.Or(arg["rtt"], "0")) * float64(time.Millisecond)), Loss: s.number(cmp.Or(arg["loss"], "0")), Down: down,
		}
	case "plan":
		s.plan = Plan(s.in)
		return s.plan.String()
	case "keep": // everybody takes the places of the last plan
		s.in.Current = map[geo.NodeID]geo.NodeID{}
		for _, e := range s.plan.Edges {
			s.in.Current[e.Node] = e.Parent
		}
	case "current":
		s.in.Current = map[geo.NodeID]geo.NodeID{geo.NodeID(words[1]): geo.NodeID(words[2])}
	case "forget":
		s.in.Current = nil
	case "parents":
		var out strings.Builder
		for _, p := range Parents(s.in, geo.NodeID(words[1])) {
			below := ""
			if p.Below {
				below = ", served by it"
			}
			fmt.Fprintf(&out, "%s: %s %s hops=%d %v%s\n", words[1], p.Node, p.Way, p.Hops, p.Delay.Round(100*time.Microsecond), below)
		}
		return out.String()
	default:
		s.t.Errorf("unknown command %q", words[0])
	}
	return ""
}

// node adds a node or changes one; what is not said stays.
func (s *script) node(id geo.NodeID, arg map[string]string) {
	i := slices.IndexFunc(s.in.Nodes, func(n Node) bool { return n.ID == id })
	if i < 0 {
		i = len(s.in.Nodes)
		s.in.Nodes = append(s.in.Nodes, Node{ID: id, POP: geo.POP(id), Wants: true})
	}
	n := &s.in.Nodes[i]
	for _, k := range slices.Sorted(maps.Keys(arg)) {
		switch v := arg[k]; k {
		case "pop":
			n.POP = geo.POP(v)
		case "region":
			n.Region = v
		case "wants":
			n.Wants = v == "yes"
		case "load":
			n.Load = s.number(v)
		case "draining":
			n.Draining = v == "yes"
		case "at":
			x, y, _ := strings.Cut(v, ",")
			s.at[id] = [2]float64{s.number(x), s.number(y)}
		}
	}
}

func (s *script) number(text string) float64 {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		s.t.Error(err)
	}
	return f
}
