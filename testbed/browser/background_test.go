package browser

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// hiddenTime is longer than a node waits for a ping, and than the time after
// which this browser, as told to, wakes a hidden page's timers once a minute.
const hiddenTime = 25 * time.Second

// TestInTheBackground hides a page behind another tab, then freezes it as a
// browser does that saves memory: the call goes on behind the tab as it was, and
// after the frost on the same peer id; others see nobody leave.
func TestInTheBackground(t *testing.T) {
	c := cluster.Start(t, "fra")
	url := c.Edges["fra"].URL + "/m/background"
	ann := New(t, "ann", Options{Throttled: true, Tone: 440, Width: 480, Height: 270})
	bob := New(t, "bob", Options{Scripts: []string{witness}, Width: 480, Height: 270})
	join(ann, url, "Ann")
	join(bob, url, "Bob")
	bob.Until(startTimeout, "sees ann", decodes(1))
	before, err := ann.State()
	if err != nil {
		t.Fatal(err)
	}
	if err := ann.drive.(*chromium).tab("<title>Another</title>"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	s := ann.Until(hiddenTime+startTimeout, "has been in the background for a while", func(s State) error {
		if time.Since(began) < hiddenTime {
			return fmt.Errorf("%v", time.Since(began))
		}
		return nil
	})
	if s.Phase != "live" || s.Attachments != 1 {
		t.Errorf("in the background it is %s and has attached %d times", s.Phase, s.Attachments)
	}
	bob.Hears(startTimeout, 440)

	ann.freeze(true)
	began = time.Now()
	bob.Until(hiddenTime+startTimeout, "has waited", func(State) error {
		if time.Since(began) < hiddenTime {
			return fmt.Errorf("%v", time.Since(began))
		}
		return nil
	})
	ann.freeze(false)
	after := ann.Until(startTimeout, "is live after the frost", func(s State) error {
		if s.Phase != "live" || s.Connection.ICE != "connected" {
			return fmt.Errorf("%s %s", s.Phase, s.Connection.ICE)
		}
		return nil
	})
	if after.PeerID != before.PeerID {
		t.Errorf("came back as %s, was %s", after.PeerID, before.PeerID)
	}
	bob.Hears(startTimeout, 440)
	if w := bob.Witnessed(); slices.Contains(w.States[before.PeerID], "gone") {
		t.Errorf("bob saw %v and heard %q", w.States[before.PeerID], w.Said)
	}
}

// freeze stops all of a page's own work, or lets it go on.
func (p *Page) freeze(on bool) {
	p.t.Helper()
	state := map[bool]string{true: "frozen", false: "active"}[on]
	p.do(func(ctx context.Context) error {
		_, err := run(ctx, p.drive.(*chromium), func(ctx context.Context, t *chromedp.Target) (none chromedp.Void, err error) {
			return none, t.Call(ctx, "Page.setWebLifecycleState", map[string]string{"state": state}, nil)
		})
		return err
	})
}
