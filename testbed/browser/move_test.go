package browser

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// TestADrainedNodeMovesAPage: a page whose node drains goes on at the next one
// without a word: its call stays live, what it sees and hears goes on, and nobody
// sees it go.
func TestADrainedNodeMovesAPage(t *testing.T) {
	c := cluster.Start(t, "fra", "iad")
	ann := New(t, "ann", Options{Tone: 440, Scripts: []string{wire, gap, witness}, Width: 640, Height: 360})
	bob := New(t, "bob", Options{Tone: 700, Scripts: []string{wire, gap, witness}, Width: 640, Height: 360})
	join(ann, c.Edges["fra"].URL+"/m/moved?pop=fra", "Ann")
	join(bob, c.Edges["iad"].URL+"/m/moved?pop=iad", "Bob")
	for _, p := range []*Page{ann, bob} {
		p.Until(startTimeout, "sees the other", decodes(1))
		if _, err := Eval[bool](p, "gap.reset()"); err != nil {
			t.Fatal(err)
		}
	}
	before, err := ann.State()
	if err != nil {
		t.Fatal(err)
	}

	res, err := http.Post(c.Edges["fra"].Operator+"/drain?deadline=1m", "", nil)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatal(res, err)
	}
	_ = res.Body.Close()
	after := ann.Until(startTimeout, "is at the other node", func(s State) error {
		if s.Attachments != 2 || s.Decoding(1) != 1 {
			return fmt.Errorf("attached %d times, %d pictures", s.Attachments, s.Decoding(1))
		}
		return nil
	})
	ann.Shot("moved")
	if after.PeerID != before.PeerID {
		t.Errorf("went on as %s, was %s", after.PeerID, before.PeerID)
	}
	bob.Until(startTimeout, "sees ann", decodes(1))
	bob.Hears(startTimeout, 440)
	ann.Hears(startTimeout, 700)
	for who, p := range map[string]*Page{"ann": ann, "bob": bob} {
		g, err := Eval[Gaps](p, "gap.read()")
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: longest without sound %.0f ms, without pictures %.0f ms; %s", who, g.Audio, g.Video, strings.Join(g.Events, "; "))
		if slices.ContainsFunc(g.Events, func(e string) bool { return strings.Contains(e, "reconnecting") }) {
			t.Errorf("%s was shown to be reconnecting: %v", who, g.Events)
		}
		w := p.Witnessed()
		for peer, states := range w.States {
			if slices.Contains(states, "gone") || slices.Contains(states, "reconnecting") {
				t.Errorf("%s saw %s %v", who, peer, states)
			}
		}
	}
}
