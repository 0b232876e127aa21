package script

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/meridian-video/meridian/testbed/wan/path"
)

// Verb is what a line begins with.
type Verb string

// The verbs of topologies, then those of a running network.
const (
	POP    Verb = "pop"
	Links  Verb = "links"
	Link   Verb = "link"
	Access Verb = "access"

	OneWayLink Verb = "onewaylink"
	Cut        Verb = "cut"
	OneWay     Verb = "oneway"
	Heal       Verb = "heal"
	Silence    Verb = "silence"
	Wake       Verb = "wake"
	Kill       Verb = "kill"
	Start      Verb = "start"
	Join       Verb = "join"
	Leave      Verb = "leave"
	Show       Verb = "show"
	Wait       Verb = "wait"
	Help       Verb = "help"
	Quit       Verb = "quit"
)

// usage is what a verb takes.
type usage struct {
	verb   Verb
	names  int    // how many
	shown  string // the names, to people
	links  bool   // words of a link follow
	placed bool   // it may stand in a topology
	ran    bool   // it may be said while the network runs
	help   string
}

var usages = []usage{
	{POP, 1, "POP", false, true, false, "there is a POP; control stands beside the first"},
	{Links, 0, "", true, true, true, "changes the links between all POPs"},
	{Link, 2, "A B", true, true, true, "changes the link between two hosts, both ways"},
	{Access, 0, "", true, true, false, "changes the links between people and the POP they are near"},
	{OneWayLink, 2, "FROM TO", true, false, true, "changes one direction"},
	{Cut, 2, "A B", false, false, true, "drops everything between two hosts"},
	{OneWay, 2, "FROM TO", false, false, true, "drops everything in one direction"},
	{Heal, 2, "A B", false, false, true, "undoes cut and oneway"},
	{Silence, 1, "HOST", false, false, true, "drops everything from and to a host; nobody is told"},
	{Wake, 1, "HOST", false, false, true, "undoes silence"},
	{Kill, 1, "HOST", false, false, true, "ends a node as kill -9 does; its machine stays"},
	{Start, 1, "HOST", false, false, true, "starts a node that was killed"},
	{Join, 2, "NAME POP", false, false, true, "somebody near a POP joins the room demo and sends"},
	{Leave, 1, "NAME", false, false, true, "and leaves it"},
	{Show, 0, "", false, false, true, "lists hosts, links and people"},
	{Wait, 1, "TIME", false, false, true, "reads the next line so much later, as wait 5s"},
	{Help, 0, "", false, false, true, "lists what can be said"},
	{Quit, 0, "", false, false, true, "ends everything, as does the end of the input"},
}

// Line is one that was understood.
type Line struct {
	Verb  Verb
	Names []string
	Words []string // of a link: path.Link.With takes them
}

// ErrEmpty is returned for a line that says nothing: it is empty or a comment.
var ErrEmpty = errors.New("nothing is said")

// Place is where lines stand.
type Place bool

// The places.
const (
	Topology Place = false // a file that says what there is
	Running  Place = true  // what is said meanwhile
)

// Parse reads a line. What follows # is a comment.
func Parse(text string, at Place) (Line, error) {
	text, _, _ = strings.Cut(text, "#")
	fields := strings.Fields(text)
	if len(fields) == 0 {
		return Line{}, ErrEmpty
	}
	for _, u := range usages {
		if string(u.verb) != fields[0] {
			continue
		}
		if at == Topology && !u.placed {
			return Line{}, fmt.Errorf("%q is for a running network and not for a topology", u.verb)
		}
		if at == Running && !u.ran {
			return Line{}, fmt.Errorf("%q is for topologies and not for a running network", u.verb)
		}
		return u.take(fields[1:])
	}
	return Line{}, fmt.Errorf("no word %q; words are %s", fields[0], words(at))
}

func (u usage) take(rest []string) (Line, error) {
	if len(rest) < u.names || !u.links && len(rest) > u.names || u.links && len(rest) == u.names {
		return Line{}, fmt.Errorf("say %q", u)
	}
	l := Line{u.verb, slices.Clip(rest[:u.names]), rest[u.names:]}
	for _, name := range l.Names {
		if strings.Contains(name, "=") {
			return Line{}, fmt.Errorf("%q is no name; say %q", name, u)
		}
	}
	if u.names == 2 && l.Names[0] == l.Names[1] && u.verb != Join {
		return Line{}, fmt.Errorf("%s is not two hosts", l.Names[0])
	}
	_, err := path.Link{}.With(l.Words...)
	return l, err
}

// String is how the verb is used.
func (u usage) String() string {
	s := string(u.verb)
	if u.shown != "" {
		s += " " + u.shown
	}
	if u.links {
		s += " KEY=VALUE…"
	}
	return s
}

func words(at Place) string {
	var out []string
	for _, u := range usages {
		if at == Topology && u.placed || at == Running && u.ran {
			out = append(out, string(u.verb))
		}
	}
	return strings.Join(out, ", ")
}

// Usage lists what can be said, a line each.
func Usage(at Place) string {
	var b strings.Builder
	for _, u := range usages {
		if at == Topology && u.placed || at == Running && u.ran {
			fmt.Fprintf(&b, "  %-28s %s\n", u, u.help)
		}
	}
	b.WriteString("a link is perfect, or delay=80ms jitter=2ms loss=2% burst=5 dup=1% reorder=true rate=100mbit queue=50ms mtu=1400; what is not named stays\n")
	return b.String()
}
