package journey

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
	"github.com/meridian-video/meridian/testbed/cluster"
)

// TestATicketServesEverywhere: the edge of a participant is killed, which is also the
// home of the room. On another they are who they were, hearing and seeing as
// before, while others saw them reconnect and never go, and history
// has one presence without an end. MERIDIAN_KILLS says how often, for the figures;
// control is away, as it need not be asked.
func TestATicketServesEverywhere(t *testing.T) {
	kills, _ := strconv.Atoi(os.Getenv("MERIDIAN_KILLS"))
	n := start(t, "fra", "iad", "syd")
	var took []time.Duration
	for i := range max(kills, 1) {
		took = append(took, n.ticketServes(i))
	}
	slices.Sort(took)
	t.Logf("media back after kill -9 of the edge and home: p50 %v, p95 %v, max %v of %d", quantile(took, 0.5), quantile(took, 0.95), quantile(took, 1), len(took))
}

// ticketServes kills once; it returns the time until media is back.
func (n *net) ticketServes(i int) time.Duration {
	n.t.Helper()
	room := fmt.Sprintf("ticket-%d", i)
	home := "fra"
	n.Call("POST", "/companies/"+n.Company+"/rooms", map[string]any{"public_id": room, "kind": "call", "open": true, "home_pop": home}, nil)
	n.WaitKnown()
	bob := n.join("iad", client.Options{Room: room, Name: "Bob", Media: both, Hear: signal.HearLoudest})
	ann := n.join(home, client.Options{Room: room, Name: "Ann", Media: both, Hear: signal.HearLoudest})
	if got := ann.Joined.Room.Home; got != home+"-1" {
		n.t.Fatalf("the home is %s", got)
	}
	n.send(ann, client.Video{})
	n.send(bob, client.Video{})
	n.gets(ann.AudioSlot(0), 5)
	n.gets(bob.AudioSlot(0), 5)
	ctx, cancel := context.WithTimeout(n.t.Context(), 2*patience)
	defer cancel()
	if _, err := bob.Chat(ctx, "1", "before"); err != nil {
		n.t.Fatal(err)
	}

	n.Edges[home].Kill()
	began := time.Now()
	next := "syd"
	back, err := client.Join(ctx, client.Options{WS: n.ws(next), Room: room, Media: both, Hear: signal.HearLoudest, Resume: ann.Joined.Resume})
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(back.Close)
	n.send(back, client.Video{})
	n.gets(back.VideoSlot(0), 1)
	n.gets(back.AudioSlot(0), 1)
	took := time.Since(began)
	before, after := ann.Joined, back.Joined
	if after.Peer != before.Peer || after.Self.Role != before.Self.Role || !after.Self.JoinedAt.Equal(before.Self.JoinedAt) || len(after.Chat) != 1 {
		n.t.Errorf("was %+v, came back as %+v with %d messages", before.Self, after.Self, len(after.Chat))
	}
	n.until(bob, "she is at "+next, func(s client.State) bool {
		p := s.People[before.Peer]
		return p.POP == next && p.State == "present"
	})
	n.gets(bob.AudioSlot(0), bob.AudioSlot(0).Packets.Load()+20)
	if s := bob.State(); len(s.Gone) > 0 {
		n.t.Errorf("bob saw %v", s.Gone)
	}
	n.nobodyEnded(room, 2)
	back.Leave()
	bob.Leave()
	n.Restart(home)
	cluster.Wait(n.t, patience, "the network is whole", func() error {
		list, err := n.Attach("iad")
		if err == nil && len(list) != 3 {
			err = fmt.Errorf("it has %v", list)
		}
		return err
	})
	return took
}
