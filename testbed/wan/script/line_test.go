package script

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/meridian-video/meridian/testbed/wan/path"
)

func TestLines(t *testing.T) {
	for text, want := range map[string]Line{
		"cut fra syd":                      {Cut, []string{"fra", "syd"}, []string{}},
		"  oneway  fra\tsyd # as a filter": {OneWay, []string{"fra", "syd"}, []string{}},
		"link fra syd delay=80ms mtu=1400": {Link, []string{"fra", "syd"}, []string{"delay=80ms", "mtu=1400"}},
		"links loss=2% burst=5":            {Links, []string{}, []string{"loss=2%", "burst=5"}},
		"silence fra":                      {Silence, []string{"fra"}, []string{}},
		"join ann fra":                     {Join, []string{"ann", "fra"}, []string{}},
		"show":                             {Show, []string{}, []string{}},
	} {
		got, err := Parse(text, Running)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %+v, %v", text, got, err)
		}
	}
}

func TestNothingIsSaid(t *testing.T) {
	for _, text := range []string{"", "  ", "# cut fra syd"} {
		if _, err := Parse(text, Running); !errors.Is(err, ErrEmpty) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestWrongLinesAreExplained: the message is all that somebody at a prompt has.
func TestWrongLinesAreExplained(t *testing.T) {
	for _, test := range []struct {
		text string
		at   Place
		want string
	}{
		{"sever fra syd", Running, `no word "sever"; words are links, link, onewaylink, cut`},
		{"sever fra syd", Topology, `no word "sever"; words are pop, links, link, access`},
		{"cut fra", Running, `say "cut A B"`},
		{"cut fra iad syd", Running, `say "cut A B"`},
		{"cut fra fra", Running, "fra is not two hosts"},
		{"link fra syd", Running, `say "link A B KEY=VALUE…"`},
		{"link fra delay=80ms", Running, `say "link A B KEY=VALUE…"`},
		{"link fra delay=80ms loss=1%", Running, `"delay=80ms" is no name; say "link A B KEY=VALUE…"`},
		{"link fra syd delay=80", Running, "delay=80 is not like 80ms"},
		{"link fra syd slow", Running, `"slow" is not KEY=VALUE`},
		{"pop fra", Running, `"pop" is for topologies`},
		{"cut fra syd", Topology, `"cut" is for a running network`},
	} {
		_, err := Parse(test.text, test.at)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: got %v, want %q", test.text, err, test.want)
		}
	}
}

func TestUsageNamesEveryWord(t *testing.T) {
	both := Usage(Topology) + Usage(Running)
	for _, u := range usages {
		if !strings.Contains(both, "  "+u.String()) || !u.placed && !u.ran {
			t.Errorf("%q is said nowhere", u.verb)
		}
	}
}

// FuzzLine: what is understood has as many names as its word takes and words
// that a link takes.
func FuzzLine(f *testing.F) {
	for _, s := range []string{"cut fra syd", "link fra syd delay=80ms jitter=2ms loss=2% burst=5", "pop fra", "links perfect", "# no", "join ann fra"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, s string, running bool) {
		l, err := Parse(s, Place(running))
		if err != nil {
			return
		}
		again, err := Parse(strings.Join(append(append([]string{string(l.Verb)}, l.Names...), l.Words...), " "), Place(running))
		if err != nil || !reflect.DeepEqual(again, l) {
			t.Fatalf("%q gives %+v, and that %+v, %v", s, l, again, err)
		}
		if _, err := (path.Link{}).With(l.Words...); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
	})
}
