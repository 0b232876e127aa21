package room

import (
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
)

// The end of a presence says what is to be told outside, however it ends, and
// a ticket, which its holder can read, does not.
func TestAFarewellGoesWithTheEnd(t *testing.T) {
	const secret = `{"token":"once"}`
	c := open(t, "fra")
	in := JoinCommand{PeerID: "ann", Name: "Ann", Farewell: secret, Role: Regular, Node: "fra", POP: "fra", Attachment: "a1", Claim: Stamp{Wall: 1, Node: "fra"}}
	if _, err := c.Join(epoch0, in); err != nil {
		t.Fatal(err)
	}
	ticket := c.Ticket("a1", epoch0)
	if payload, err := c.s.openTicket(ticket); err != nil || strings.Contains(ticket, "once") || payload.Peer != "ann" {
		t.Errorf("%+v, %v", payload, err)
	}
	again := JoinCommand{Node: "iad", POP: "iad", Attachment: "a2", Claim: Stamp{Wall: 2, Node: "iad"}, Ticket: ticket}
	if _, err := c.Join(epoch0.Add(time.Second), again); err != nil {
		t.Fatal(err)
	}
	b, err := c.Leave(epoch0.Add(time.Minute), "a2", Left)
	if err != nil {
		t.Fatal(err)
	}
	var told []*record.Left
	for _, r := range append((chronicle{}).batch(&c.s, b), (chronicle{}).takeover(&c.s)...) {
		if l, ok := r.(*record.Left); ok {
			told = append(told, l)
		}
	}
	if len(told) != 2 || told[0].ID() != told[1].ID() {
		t.Fatalf("told %d times: %+v", len(told), told)
	}
	for _, l := range told {
		if l.Farewell != secret || l.Name != "Ann" || l.Reason != record.ReasonLeft {
			t.Errorf("%+v", l)
		}
	}
	long := JoinCommand{PeerID: "bo", Name: "Bo", Farewell: strings.Repeat("x", MaxFarewell+1), Role: Regular, Node: "fra", POP: "fra", Attachment: "b1", Claim: Stamp{Wall: 3, Node: "fra"}}
	if _, err := c.Join(epoch0, long); err == nil {
		t.Error("a farewell of any length")
	}
}
