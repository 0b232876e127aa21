package journey

import (
	"testing"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
)

// TestAPageJoinsAnyNodeForItsOwnCompany: two companies' rooms of one name stay two
// when their pages join nodes by names that are neither's, also by a ticket; what
// is nobody's host says nothing.
func TestAPageJoinsAnyNodeForItsOwnCompany(t *testing.T) {
	n := start(t, "fra", "iad")
	var other struct {
		ID string `json:"id"`
	}
	n.Call("POST", "/companies", map[string]any{"name": "Other", "settings": map[string]any{"open_rooms": true}}, &other)
	n.Call("POST", "/companies/"+other.ID+"/domains", map[string]any{"fqdn": "meet.other.example"}, nil)
	n.WaitKnown()
	ann := n.join("fra", client.Options{Room: "hall", Name: "Ann"})
	cid := n.join("iad", client.Options{Room: "hall", Name: "Cid", PageHost: "nobody.example"})
	bob := n.join("fra", client.Options{Room: "hall", Name: "Bob", PageHost: "meet.other.example"})
	n.until(ann, "Ann meets Cid", people(2))
	n.until(cid, "Cid meets Ann", people(2))
	n.until(bob, "Bob meets nobody", people(1))

	ticket := bob.Joined.Resume
	again := n.join("iad", client.Options{Room: "hall", Name: "Bob", PageHost: "Meet.Other.Example", Resume: ticket})
	if again.Joined.Peer != bob.Joined.Peer {
		t.Errorf("Bob came back as %s, was %s", again.Joined.Peer, bob.Joined.Peer)
	}
	_, err := n.try("iad", client.Options{Room: "hall", Name: "Bob", Resume: again.Joined.Resume})
	if got := code(err); got != signal.ResumeInvalid {
		t.Errorf("the ticket in the other company's room: %v", err)
	}
}
