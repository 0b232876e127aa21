package control_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/control"
	"github.com/meridian-video/meridian/control/client"
	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/testbed/simnet"
)

// bubble is a control node and an edge on a simulated network, 40 ms apart, inside a synctest bubble.
type bubble struct {
	t       *testing.T
	dir     string
	network *simnet.Network
	node    *control.Node
	cfg     client.Config
}

func newBubble(t *testing.T, dir string) *bubble {
	b := &bubble{t: t, dir: dir, network: simnet.New(simnet.Config{Link: simnet.Link{Delay: 40 * time.Millisecond}})}
	b.open()
	b.cfg = client.Config{
		Dir: filepath.Join(dir, "edge"), Control: []string{"10.0.0.1:7000"}, JoinSecret: b.node.JoinSecret(), NodeID: "fra-1",
		Dial: b.network.Host("10.0.1.1").Dial,
	}
	return b
}

func (b *bubble) open() {
	b.t.Helper()
	cluster, err := b.network.Host("10.0.0.1").Listen(7000)
	if err != nil {
		b.t.Fatal(err)
	}
	b.node, err = control.Open(b.t.Context(), control.Config{
		Dir: filepath.Join(b.dir, "control"), NodeID: "control-1", Cluster: cluster, Fatal: func(err error) { b.t.Errorf("fatal: %v", err) },
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// run starts the edge; the function it returns ends it.
func (b *bubble) run() (*client.Client, func()) {
	b.t.Helper()
	id, err := client.Enroll(b.t.Context(), b.cfg)
	if err != nil {
		b.t.Fatal(err)
	}
	c, err := client.Open(b.cfg, id)
	if err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = c.Run(ctx) })
	return c, func() { cancel(); wg.Wait() }
}

// An edge notices within three beats that control fell silent (no reset, no ICMP), goes on from its copy, and
// has what it missed soon after the path heals.
func TestEdgeNoticesSilenceAndHeals(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, dir)
		key, err := b.node.EnsureDev(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		c, stop := b.run()
		time.Sleep(time.Second)
		if !c.Ready() || !c.Connected() || c.Age() > 2*time.Second {
			t.Fatalf("ready %v connected %v age %s", c.Ready(), c.Connected(), c.Age())
		}
		b.network.Cut("10.0.0.1", "10.0.1.1")
		api := caller{t, b.node.Handler(), key}
		api.want(201, "POST", "/api/v1/companies/dev/rooms", map[string]any{"public_id": "missed"}, nil)
		time.Sleep(9 * time.Second)
		if c.Connected() || !c.Ready() || c.Age() < 7*time.Second {
			t.Fatalf("cut off: connected %v ready %v age %s", c.Connected(), c.Ready(), c.Age())
		}
		b.network.Heal("10.0.0.1", "10.0.1.1")
		time.Sleep(16 * time.Second) // a dial under way may have to time out first
		if _, ok := c.View().Room("dev", "missed"); !ok || !c.Connected() {
			t.Fatalf("healed: connected %v, room %v", c.Connected(), ok)
		}
		stop()
		closeNode(t, b.node)
	})
}

// An edge that comes up late in its certificate's life gets a new one and goes on.
func TestEdgeRenewsItsIdentity(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t, dir)
		c, stop := b.run()
		expires := c.Identity().Expires()
		stop()
		closeNode(t, b.node)
		time.Sleep(25 * 24 * time.Hour) // everything is off: an idle Raft would wake 13 times a second
		b.open()
		c, stop = b.run()
		time.Sleep(3 * time.Second)
		if !c.Identity().Expires().After(expires) || !c.Connected() {
			t.Fatalf("not renewed: %s, connected %v", c.Identity().Expires(), c.Connected())
		}
		stop()
		closeNode(t, b.node)
	})
}

// The leader ends what nobody closed and deletes what is no longer kept, without being asked.
func TestTheLeaderKeepsHistoryInOrder(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(26 * 366 * 24 * time.Hour) // bubbles begin in 2000, records do not
		b := newBubble(t, dir)
		key, err := b.node.EnsureDev(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		api := caller{t, b.node.Handler(), key}
		api.want(200, "PATCH", "/api/v1/companies/dev", map[string]any{"settings": map[string]any{"history_days": 1}}, nil)
		h := b.node.History()
		live := record.Live{Company: control.DevCompany, Room: "daily", Session: "silent", At: time.Now().Add(-3 * time.Hour)}
		old := record.Live{Company: control.DevCompany, Room: "daily", Session: "old", At: time.Now().Add(-48 * time.Hour)}
		if err := h.Ingest(t.Context(), &record.Opened{Live: live, RoomKind: record.Call}, &record.Closed{Live: old}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(6 * time.Minute)
		s, ok, err := h.Session(t.Context(), control.DevCompany, "silent")
		if err != nil || !ok || !s.Lost {
			t.Errorf("silent: %+v, %v, %v", s, ok, err)
		}
		if _, ok, err := h.Session(t.Context(), control.DevCompany, "old"); err != nil || ok {
			t.Errorf("the old session is kept: %v, %v", ok, err)
		}
		closeNode(t, b.node)
	})
}
