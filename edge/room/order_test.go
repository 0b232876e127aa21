package room

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// TestOrdersFromAnyNode: whoever the rooms belong to asks any node, one that has
// nobody of the room too; owners and moderators are not spared.
func TestOrdersFromAnyNode(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd", "sao", "nrt", "bom")
		_, ann := n.enter("fra", "ann", func(j *Join) { j.Owner = true })
		_, bob := n.enter("iad", "bob")
		settle(3 * time.Second)
		for _, id := range n.ids() {
			got, err := n.plane(id).Brief(t.Context(), "acme", "demo", "bob")
			if err != nil || got.People != 2 || !got.Peer || got.Opened.IsZero() {
				t.Errorf("%s says %+v, %v", id, got, err)
			}
		}
		far := n.ids()[5]
		began := time.Now()
		if err := n.plane(far).Order(t.Context(), "acme", "demo", Act{Verb: "kick", Peer: "ann"}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 12*wan {
			t.Errorf("a kick took %v", took)
		}
		settle(time.Second)
		check(t, "end", fmt.Sprint(ann.end()), fmt.Sprint([]Reason{Kicked}))
		check(t, "roster", bob.roster(), "[bob@iad/bob/present]")
		check(t, "again", n.plane(far).Order(t.Context(), "acme", "demo", Act{Verb: "kick", Peer: "ann"}), ErrNoPerson)

		if err := n.plane(far).Order(t.Context(), "acme", "demo", Act{Verb: "end"}); err != nil {
			t.Fatal(err)
		}
		settle(time.Second)
		check(t, "end", fmt.Sprint(bob.end()), fmt.Sprint([]Reason{RoomClosed}))
		for _, id := range n.ids() {
			if _, err := n.plane(id).Brief(t.Context(), "acme", "demo", ""); !errors.Is(err, ErrNotFound) {
				t.Errorf("%s after the end: %v", id, err)
			}
			check(t, "order after the end", n.plane(id).Order(t.Context(), "acme", "demo", Act{Verb: "end"}), ErrNotFound)
		}
	})
}

// TestARoomThatNobodyIsInIsNone: the room itself stays for who comes back; who
// asks hears of none.
func TestARoomThatNobodyIsInIsNone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad")
		ann, _ := n.enter("fra", "ann")
		settle(time.Second)
		ann.Leave(Left)
		settle(time.Second)
		for _, id := range n.ids() {
			_, err := n.plane(id).Brief(t.Context(), "acme", "demo", "")
			check(t, "brief", err, ErrNotFound)
			check(t, "order", n.plane(id).Order(t.Context(), "acme", "demo", Act{Verb: "end"}), ErrNotFound)
		}
	})
}

// TestWhatIsNoOrder: only two verbs are, each with its own form.
func TestWhatIsNoOrder(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra")
		n.enter("fra", "ann")
		for _, a := range []Act{
			{}, {Verb: "kick"}, {Verb: "end", Peer: "ann"}, {Verb: "mute", Peer: "ann", Value: []byte(`"mic"`)}, {Verb: "kick", Peer: "ann", Value: []byte("1")},
		} {
			check(t, string(a.Verb), n.plane("fra").Order(t.Context(), "acme", "demo", a), ErrInvalid)
			if _, err := new(Core).Order(time.Now(), Stamp{}, a); !errors.Is(err, ErrInvalid) {
				t.Errorf("core: %v", err)
			}
		}
		_, err := n.plane("fra").Brief(t.Context(), "", "demo", "")
		check(t, "no company", err, ErrInvalid)
	})
}

// TestOrdersOutliveAHome: while a new home is found an order waits for it.
func TestOrdersOutliveAHome(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad", "syd")
		pages := map[geo.NodeID]*page{}
		for _, id := range []geo.NodeID{"fra", "iad", "syd"} {
			_, pages[id] = n.enter(id, string(id))
		}
		settle(3 * time.Second)
		dead := n.home()
		n.kill(dead, time.Second)
		settle(3 * time.Second)
		for _, id := range n.ids() {
			if id == dead {
				continue
			}
			if err := n.plane(id).Order(t.Context(), "acme", "demo", Act{Verb: "kick", Peer: string(id)}); err != nil {
				t.Errorf("kick %s: %v", id, err)
			}
			settle(time.Second)
			check(t, "end", fmt.Sprint(pages[id].end()), fmt.Sprint([]Reason{Kicked}))
		}
	})
}

// Covers GC-A68.
func TestBriefCountsViewersAndNotWhoWaits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		n := newNetwork(t, wan, "fra", "iad")
		webinar := func(j *Join) { j.Kind = Webinar }
		n.enter("fra", "ann", webinar, func(j *Join) { j.Role = Moderator })
		for _, peer := range []string{"vic", "val"} {
			n.enter("iad", peer, webinar, func(j *Join) { j.Mode = ViewerMode })
		}
		ctx, cancel := context.WithCancel(t.Context())
		waits, gone := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(gone)
			_, _, _ = n.plane("iad").Join(ctx, Join{Company: "acme", Room: "demo", Peer: "wil", Kind: Webinar, Lobby: true, Waiting: func() { close(waits) }}, quiet{})
		}()
		<-waits
		settle(time.Second)
		for _, id := range n.ids() {
			got, err := n.plane(id).Brief(t.Context(), "acme", "demo", "wil")
			if err != nil || got.People != 3 || got.Peer {
				t.Errorf("%s counts %+v, %v", id, got, err)
			}
		}
		if err := n.plane("iad").Order(t.Context(), "acme", "demo", Act{Verb: "kick", Peer: "wil"}); err != nil {
			t.Errorf("who waits can be sent away: %v", err)
		}
		<-gone
		cancel()
	})
}
