package picture

import (
	"testing"

	"github.com/meridian-video/meridian/edge/glance"
	"github.com/meridian-video/meridian/geo"
)

func TestStatesOfLinks(t *testing.T) {
	deaf := func(l *glance.Link) { l.Deaf = true }
	unheard := func(l *glance.Link) { l.Unheard = true }
	lossy := func(l *glance.Link) { l.Loss = 0.02 }
	queue := func(l *glance.Link) { l.Queue = 45 }
	long := func(l *glance.Link) { l.RTT = 240 }
	via := func(l *glance.Link) { l.Via = "lhr-1" }
	tried := func(l *glance.Link) { *l = glance.Link{To: l.To} }
	type changes []func(*glance.Link)
	for what, test := range map[string]struct {
		there, back       changes // of fra-1 and iad-1; nil: it says nothing of the link
		want, going, come LinkState
	}{
		"well":                              {changes{}, changes{}, LinkOK, LinkOK, LinkOK},
		"lossy one way":                     {changes{lossy}, changes{}, LinkLossy, LinkLossy, LinkOK},
		"a queue one way":                   {changes{}, changes{queue}, LinkSlow, LinkOK, LinkSlow},
		"longer than the distance explains": {changes{long}, changes{long}, LinkSlow, LinkSlow, LinkSlow},
		"over another node":                 {changes{via}, changes{via}, LinkDetour, LinkDetour, LinkDetour},
		"lossy and over another node":       {changes{via, lossy}, changes{via}, LinkLossy, LinkLossy, LinkDetour},
		"cut one way, as the deaf end says": {changes{}, changes{deaf}, LinkCut, LinkCut, LinkOK},
		"cut one way, as both say":          {changes{unheard}, changes{deaf}, LinkCut, LinkCut, LinkOK},
		"cut both ways":                     {changes{deaf}, changes{deaf}, LinkCut, LinkCut, LinkCut},
		"down, as both say":                 {changes{tried}, changes{tried}, LinkDown, LinkDown, LinkDown},
		"down, as one says":                 {changes{tried}, nil, LinkDown, LinkDown, ""},
		"one end alone, well":               {changes{}, nil, LinkOK, LinkOK, ""},
		"one end alone, and deaf":           {nil, changes{deaf}, LinkCut, "", LinkOK},
		"one end gave up":                   {changes{tried}, changes{}, LinkCut, LinkCut, LinkOK},
	} {
		in := atlantic()
		in.Glances = map[geo.NodeID]glance.Glance{"fra-1": {}, "iad-1": {}}
		if test.there != nil {
			in.Glances["fra-1"] = glance.Glance{Links: []glance.Link{up("iad-1", test.there...)}}
		}
		if test.back != nil {
			in.Glances["iad-1"] = glance.Glance{Links: []glance.Link{up("fra-1", test.back...)}}
		}
		n := Assemble(in)
		if len(n.Links) != 1 {
			t.Errorf("%s: %d links", what, len(n.Links))
			continue
		}
		l := n.Links[0]
		if l.State != test.want || stateOf(l.There) != test.going || stateOf(l.Back) != test.come {
			t.Errorf("%s: %s, there %s, back %s; want %s, %s, %s", what, l.State, stateOf(l.There), stateOf(l.Back), test.want, test.going, test.come)
		}
	}
}

func stateOf(w *Way) LinkState {
	if w == nil {
		return ""
	}
	return w.State
}

// A link that is told of somebody who is gone, or of the teller itself, is none.
func TestLinksToNobodyAreLeftOut(t *testing.T) {
	in := atlantic()
	in.Glances = map[geo.NodeID]glance.Glance{"fra-1": {Links: []glance.Link{up("gone-1"), up("fra-1")}}}
	if n := Assemble(in); len(n.Links) != 0 {
		t.Errorf("%+v", n.Links)
	}
}

// On short ways a guess by distance is wrong by much of itself.
func TestShortLinksAreNotCalledSlow(t *testing.T) {
	for ms, want := range map[float64]LinkState{1: LinkOK, 30: LinkOK, 60: LinkSlow} {
		if got := wayState(glance.Link{Up: true, RTT: ms}, nil, 18); got != want {
			t.Errorf("%v ms: %s, want %s", ms, got, want)
		}
	}
	if got := wayState(glance.Link{Up: true, RTT: 900}, nil, 0); got != LinkOK {
		t.Errorf("of nodes that stand nowhere: %s", got)
	}
}
