//go:build linux

package fleet

import (
	"slices"
	"testing"
	"time"

	"github.com/meridian-video/meridian/testbed/client"
)

// attached are senses with slots that a test fills.
func attached() (*senses, *[kinds][places]client.Slot) {
	s, slots := newSenses(), &[kinds][places]client.Slot{}
	s.attach(func(k Kind, i int) *client.Slot { return &slots[k][i] })
	return &s, slots
}

func TestTracksKeepTheirPlaces(t *testing.T) {
	s, _ := attached()
	for _, step := range []struct {
		tracks  map[string]string
		want    []string
		changed bool
	}{
		{map[string]string{"ann": "a1", "bob": "b1"}, []string{"a1", "b1", "", ""}, true},
		{map[string]string{"ann": "a1", "bob": "b1"}, []string{"a1", "b1", "", ""}, false},
		{map[string]string{"bob": "b1"}, []string{"", "b1", "", ""}, true},
		{map[string]string{"bob": "b1", "cyd": "c1"}, []string{"c1", "b1", "", ""}, true},
		{map[string]string{"bob": "b2", "cyd": "c1"}, []string{"c1", "b2", "", ""}, true}, // bob came back
	} {
		if changed := s.assign(Audio, step.tracks); changed != step.changed {
			t.Errorf("%v: changed %v", step.tracks, changed)
		}
		if got := s.chosen(Audio); !slices.Equal(got, step.want) {
			t.Errorf("%v: got %v, want %v", step.tracks, got, step.want)
		}
	}
}

// TestStandstillsAreAPersons, over slots: what a slot played before is not theirs.
func TestStandstillsAreAPersons(t *testing.T) {
	s, slots := attached()
	start := time.Now()
	hear := func(slot int, after time.Duration) {
		slots[Audio][slot].LastAt.Store(start.Add(after).UnixNano())
		s.listen()
	}
	s.assign(Audio, map[string]string{"ann": "a1"})
	hear(0, 0)
	hear(0, 20*time.Millisecond)
	hear(0, 320*time.Millisecond)
	s.assign(Audio, map[string]string{"bob": "b1"})
	s.listen()
	if s.gaps[Audio]["bob"] != nil {
		t.Error("bob is heard in what ann said")
	}
	s.assign(Audio, map[string]string{"ann": "a2", "bob": "b1"})
	hear(1, 1320*time.Millisecond)
	if got := s.gaps[Audio]["ann"].longest; got != time.Second {
		t.Errorf("ann, back in another slot, stood still for %v", got)
	}
	hear(0, 1400*time.Millisecond)
	if got := s.gaps[Audio]["bob"].longest; got != 0 {
		t.Errorf("bob's first packet is a standstill of %v", got)
	}
}

func TestLeavesAreNoted(t *testing.T) {
	s, _ := attached()
	s.note("me", []string{"me", "ann", "bob"})
	s.note("me", []string{"ann"})
	s.note("me", []string{"ann", "bob", "me"})
	s.note("me", []string{"bob", "me"})
	if !slices.Equal(s.left, []string{"bob", "ann"}) {
		t.Errorf("left: %v", s.left)
	}
}

func TestMetricsAreSummed(t *testing.T) {
	const text = `# HELP rooms of a kind
rooms{part="home"} 2
rooms{part="leaf"} 3
rooms_total 9
index 1.5e+03
`
	for series, want := range map[string]float64{"rooms": 5, `rooms{part="home"}`: 2, "index": 1500, "room": 0, "absent": 0} {
		if got := sum(text, series); got != want {
			t.Errorf("%s: got %v, want %v", series, got, want)
		}
	}
}

func TestTheNearestComeFirst(t *testing.T) {
	w := FourPOPs()
	for pop, want := range map[string][]string{"fra": {"fra", "lhr", "iad", "syd"}, "syd": {"syd", "iad", "lhr", "fra"}} {
		if got := w.nearest(pop); !slices.Equal(got, want) {
			t.Errorf("near %s: %v, want %v", pop, got, want)
		}
	}
	for _, topology := range []Topology{World(), FourPOPs()} {
		if err := topology.Validate(); err != nil {
			t.Error(err)
		}
	}
}
