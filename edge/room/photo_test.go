package room

import (
	"errors"
	"strings"
	"testing"
)

// Where a picture is goes with the person: by a ticket, too, and then not by
// what the one who brings it says.
func TestAPhotoGoesWithThePerson(t *testing.T) {
	c := open(t, "fra")
	const photo = "https://pictures.example/ann.png"
	first := JoinCommand{PeerID: "ann", Name: "Ann", Photo: photo, Role: Regular, Node: "fra", POP: "fra", Attachment: "a1", Claim: Stamp{Wall: 1, Node: "fra"}}
	if _, err := c.Join(epoch0, first); err != nil {
		t.Fatal(err)
	}
	again := JoinCommand{Photo: "https://evil.example/", Node: "iad", POP: "iad", Attachment: "a2", Claim: Stamp{Wall: 2, Node: "iad"}, Ticket: c.Ticket("a1", epoch0)}
	if _, err := c.Join(epoch0, again); err != nil {
		t.Fatal(err)
	}
	if p := c.s.People["ann"]; p.Photo != photo || p.Attachment != "a2" {
		t.Errorf("after resuming: %q by %s", p.Photo, p.Attachment)
	}
	long := JoinCommand{PeerID: "bo", Name: "Bo", Photo: strings.Repeat("x", maxPhoto+1), Role: Regular, Node: "fra", POP: "fra", Attachment: "b1", Claim: Stamp{Wall: 3, Node: "fra"}}
	if _, err := c.Join(epoch0, long); !errors.Is(err, ErrInvalid) {
		t.Errorf("one that is too long: %v", err)
	}
}
