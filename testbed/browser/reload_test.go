package browser

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// TestReloadKeepsTheSeat: who loads the page anew is in the call again without a
// click, as the same participant and with the devices as they were, and others
// see nobody leave. Who closes the page has left.
// Covers F-060.
func TestReloadKeepsTheSeat(t *testing.T) {
	c := cluster.Start(t, "fra", "iad")
	ann := New(t, "ann", Options{Tone: 440, Width: 480, Height: 270})
	bob := New(t, "bob", Options{Scripts: []string{witness}, Width: 640, Height: 360})
	join(ann, c.Edges["fra"].URL+"/m/seat?pop=fra", "Ann")
	join(bob, c.Edges["iad"].URL+"/m/seat?pop=iad", "Bob")
	bob.Until(startTimeout, "sees ann", decodes(1))
	ann.Click(cameraButton)
	bob.Until(startTimeout, "sees that ann's camera is off", func(s State) error {
		if n := s.Decoding(0); n != 0 {
			return fmt.Errorf("%d pictures", n)
		}
		return nil
	})
	before, err := ann.State()
	if err != nil {
		t.Fatal(err)
	}

	for range 2 { // the place that was come back to is one to come back to
		if _, err := Eval[bool](ann, `(location.reload(), true)`); err != nil {
			t.Fatal(err)
		}
		after := ann.Until(startTimeout, "is in the call again", func(s State) error {
			if s.Phase != "live" || s.Attachments != 1 || s.Decoding(5) != 1 {
				return fmt.Errorf("%s %s, attached %d times, %d pictures", s.Phase, s.Code, s.Attachments, s.Decoding(5))
			}
			return nil
		})
		t.Logf("back %.0f ms after the page had started, picture after %.0f ms", after.Timings.Joined, after.Timings.FirstRemoteFrame)
		if after.PeerID != before.PeerID {
			t.Errorf("came back as %s, was %s", after.PeerID, before.PeerID)
		}
		for _, p := range after.People {
			if p.PeerID == after.PeerID && (p.Name != "Ann" || !p.Media.Mic || p.Media.Camera) {
				t.Errorf("came back as %+v", p)
			}
		}
		bob.Until(startTimeout, "sees ann present", sees(before.PeerID, "present"))
		bob.Hears(startTimeout, 440)
	}
	w := bob.Witnessed()
	if slices.Contains(w.States[before.PeerID], "gone") || strings.Contains(strings.Join(w.Said, "\n"), "left") {
		t.Errorf("bob saw %v and heard %q", w.States[before.PeerID], w.Said)
	}
	if !slices.Contains(w.States[before.PeerID], "reconnecting") {
		t.Errorf("bob saw %v only", w.States[before.PeerID])
	}

	ann.Open("about:blank")
	bob.Until(startTimeout, "sees that ann left", sees(before.PeerID, "gone"))
	cluster.Wait(t, startTimeout, "bob is told", func() error {
		if w := bob.Witnessed(); !slices.Contains(w.Said, "Ann left") {
			return fmt.Errorf("bob heard %q", w.Said)
		}
		return nil
	})
}
