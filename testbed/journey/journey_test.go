package journey

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
	"github.com/meridian-video/meridian/testbed/cluster"
)

// patience bounds every wait. It says nothing about how long things take.
const patience = 30 * time.Second

// trackLinger is the promise of how long a track may cross a link after the
// last has left; a test gives it threefold slack.
const trackLinger = 500 * time.Millisecond

var both = signal.Media{Mic: true, Camera: true}

// net is a cluster with what the tests do on it.
type net struct {
	*cluster.Cluster
	t *testing.T
}

func start(t *testing.T, pops ...string) *net { return &net{cluster.Start(t, pops...), t} }

func (n *net) ws(pop string) string {
	return "ws" + strings.TrimPrefix(n.Edges[pop].URL, "http") + "/ws"
}

// join brings a client into a room through a POP.
func (n *net) join(pop string, o client.Options) *client.Client {
	n.t.Helper()
	c, err := n.try(pop, o)
	if err != nil {
		n.t.Fatalf("join %s at %s: %v", o.Name, pop, err)
	}
	return c
}

func (n *net) try(pop string, o client.Options) (*client.Client, error) {
	ctx, cancel := context.WithTimeout(n.t.Context(), patience)
	defer cancel()
	o.WS = n.ws(pop)
	c, err := client.Join(ctx, o)
	if err == nil {
		n.t.Cleanup(c.Close)
	}
	return c, err
}

// send lets a client send until the test ends.
func (n *net) send(c *client.Client, v client.Video) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Send(ctx, v)
	}()
	n.t.Cleanup(func() { cancel(); <-done })
}

// until waits until a client's view fulfils a condition.
func (n *net) until(c *client.Client, what string, ok func(client.State) bool) {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(n.t.Context(), patience)
	defer cancel()
	if err := c.Until(ctx, what, ok); err != nil {
		n.t.Fatal(err)
	}
}

// gets waits until a slot has more than so many packets.
func (n *net) gets(s *client.Slot, packets int64) {
	n.t.Helper()
	cluster.Wait(n.t, patience, fmt.Sprintf("a slot has %d packets", packets), func() error {
		if got := s.Packets.Load(); got < packets {
			return fmt.Errorf("it has %d", got)
		}
		return nil
	})
}

func people(n int) func(client.State) bool {
	return func(s client.State) bool { return len(s.People) == n }
}

func code(err error) signal.Code {
	if r, ok := errors.AsType[*client.Refusal](err); ok {
		return r.Code
	}
	return ""
}

// TestTrackCrossesALinkOnce: two receivers on one POP cost one copy, which is
// gone when both have left, and newcomers cost nobody an SDP exchange.
func TestTrackCrossesALinkOnce(t *testing.T) {
	n := start(t, "fra", "iad")
	ann := n.join("fra", client.Options{Room: "once", Name: "Ann", Media: both})
	n.send(ann, client.Video{FPS: 15})
	bob := n.join("iad", client.Options{Room: "once", Name: "Bob"})
	cyd := n.join("iad", client.Options{Room: "once", Name: "Cyd"})
	for _, c := range []*client.Client{bob, cyd} {
		n.gets(c.VideoSlot(0), 50)
		n.gets(c.AudioSlot(0), 50)
		if c.VideoSlot(0).Keyframes.Load() == 0 {
			t.Error("the slot did not begin with a keyframe")
		}
	}
	if got := n.Metric("iad", "meridian_relay_track_copies_total"); got != 2 {
		t.Errorf("iad asked for %.0f copies, want one of the camera and one of the microphone", got)
	}
	if got := n.Metric("iad", "meridian_edge_tracks_remote"); got != 2 {
		t.Errorf("iad holds %.0f remote tracks, want 2", got)
	}
	for _, c := range []*client.Client{ann, bob, cyd} {
		if got := c.Negotiations(); got != 1 {
			t.Errorf("%d SDP exchanges, want 1", got)
		}
	}
	bob.Leave()
	n.until(cyd, "Bob has left", people(2))
	before := cyd.VideoSlot(0).Packets.Load()
	n.gets(cyd.VideoSlot(0), before+20)
	cyd.Leave()
	left := time.Now()
	defer func() {
		took := time.Since(left)
		t.Logf("the tracks were off the link within %v", took)
		if took > 3*trackLinger {
			t.Errorf("the tracks were off the link %v after the last had left, promised are %v", took, trackLinger)
		}
	}()
	cluster.Wait(t, patience, "no track crosses the link", func() error {
		if got := n.Metric("fra", "meridian_relay_track_copies"); got != 0 {
			return fmt.Errorf("%.0f cross", got)
		}
		return nil
	})
}

// TestUnchosenCostsNothing: with more publishers than slots the client chooses,
// and what nobody chose stays off the link.
func TestUnchosenCostsNothing(t *testing.T) {
	n := start(t, "fra", "iad")
	var ids []string
	for i := range 3 {
		p := n.join("fra", client.Options{Room: "many", Name: fmt.Sprint("P", i), Media: signal.Media{Camera: true}, Video: 1, Audio: 1})
		n.send(p, client.Video{FPS: 10, PacketsPerFrame: 1})
		ids = append(ids, p.Joined.Self.Tracks["camera"])
	}
	v := n.join("iad", client.Options{Room: "many", Name: "Viewer", Video: 1, Audio: 1})
	n.gets(v.VideoSlot(0), 10)
	if err := v.Subscribe([]string{ids[2]}, nil); err != nil {
		t.Fatal(err)
	}
	cluster.Wait(t, patience, "the slot was switched once and one track is left on the link", func() error {
		if keys, tracks := v.VideoSlot(0).Keyframes.Load(), n.Metric("iad", "meridian_edge_tracks_remote"); keys < 2 || tracks != 1 {
			return fmt.Errorf("%d keyframes, %.0f tracks", keys, tracks)
		}
		return nil
	})
	if got := v.VideoSlot(0).Gaps.Load(); got != 0 {
		t.Errorf("%d gaps in the slot's sequence numbers over the switch", got)
	}
}

// TestNewestWinsAcrossPOPs is INV-02: of two with one peer id the newest stays,
// and the older is told why.
// Covers F-046, F-058.
func TestNewestWinsAcrossPOPs(t *testing.T) {
	n := start(t, "fra", "iad")
	older := n.join("fra", client.Options{Room: "twice", Name: "Ann", Peer: "ann@example.com"})
	newer := n.join("iad", client.Options{Room: "twice", Name: "Ann", Peer: "ann@example.com"})
	n.until(older, "it is over", func(s client.State) bool { return s.Ended != nil })
	if e := older.State().Ended; e.Code != signal.Superseded {
		t.Errorf("the older was told %q", e.Code)
	}
	n.until(newer, "it is alone", people(1))
	if p := newer.State().People["ann@example.com"]; p.POP != "iad" {
		t.Errorf("present at %q", p.POP)
	}
}

// TestChatAndRosterSurviveTheHome: the home falls silent; who is left talks on,
// and has the same roster and chat in the same order.
func TestChatAndRosterSurviveTheHome(t *testing.T) {
	pops := []string{"fra", "iad", "syd"}
	n := start(t, pops...)
	clients := map[string]*client.Client{}
	for _, pop := range pops {
		clients[pop] = n.join(pop, client.Options{Room: "home", Name: pop, Media: both})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	if _, err := clients["fra"].Chat(ctx, "1", "before"); err != nil {
		t.Fatal(err)
	}
	home, _, _ := strings.Cut(clients["fra"].Joined.Room.Home, "-")
	t.Logf("the home is %s", home)
	n.Edges[home].Freeze()
	var left []*client.Client
	for _, pop := range pops {
		if pop != home {
			left = append(left, clients[pop])
		}
	}
	said := func(c *client.Client, id string) {
		t.Helper()
		cluster.Wait(t, patience, "the chat takes "+id, func() error {
			_, err := c.Chat(ctx, id, "after "+id)
			return err
		})
	}
	said(left[0], "2")
	said(left[1], "3")
	for _, c := range left {
		n.until(c, "it has all messages", func(s client.State) bool { return len(s.Chat) >= 3 })
	}
	a, b := left[0].State().Chat, left[1].State().Chat
	if fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("chats differ:\n%v\n%v", a, b)
	}

	// The participant of the dead node comes back on another with its ticket.
	back := n.join(left[0].Joined.Node.POP, client.Options{Room: "home", Resume: clients[home].Joined.Resume, Media: both})
	if back.Joined.Peer != clients[home].Joined.Peer {
		t.Errorf("came back as %s, was %s", back.Joined.Peer, clients[home].Joined.Peer)
	}
	for _, c := range left {
		n.until(c, "all three are present", func(s client.State) bool {
			p := s.People[back.Joined.Peer]
			return len(s.People) == 3 && p.State == "present" && p.POP == back.Joined.Node.POP
		})
	}
}

// TestJoinsWithoutControl is INV-17: an edge with a copy of the configuration
// takes joins while control is away, also after a restart of its own.
func TestJoinsWithoutControl(t *testing.T) {
	n := start(t, "fra")
	n.Control.Kill()
	ann := n.join("fra", client.Options{Room: "alone", Name: "Ann"})
	ann.Leave()
	n.Restart("fra")
	n.join("fra", client.Options{Room: "alone", Name: "Ann"})
}

// TestDrainMovesPeople: a node that is told to end asks its people to move and
// ends when they have.
func TestDrainMovesPeople(t *testing.T) {
	n := start(t, "fra", "iad")
	ann := n.join("fra", client.Options{Room: "drain", Name: "Ann", Media: both})
	bob := n.join("iad", client.Options{Room: "drain", Name: "Bob"})
	n.Edges["fra"].Terminate()
	n.until(ann, "it is asked to move", func(s client.State) bool { return s.Moved })
	moved := n.join("iad", client.Options{Room: "drain", Resume: ann.Joined.Resume, Media: both})
	if moved.Joined.Peer != ann.Joined.Peer {
		t.Errorf("moved as %s, was %s", moved.Joined.Peer, ann.Joined.Peer)
	}
	n.until(bob, "Ann is at iad", func(s client.State) bool { return s.People[ann.Joined.Peer].POP == "iad" })
	select {
	case <-n.Edges["fra"].Done():
	case <-time.After(patience):
		t.Error("the drained node did not end")
	}
}
