package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// TestALinkForOne: a link with a token that serves once opens the room in the
// browser that opened it first, also after a reload, and in no other.
// Covers F-047.
func TestALinkForOne(t *testing.T) {
	t.Parallel()
	room := NewRoom(cluster.Start(t, "fra"), "board", object{"open": false})
	link := room.In("fra", room.Token(object{"name": "Ada", "peer": "ada", "once": true}))

	page := New(t, "first", Options{})
	page.Open(link)
	page.isIn()
	if s, err := page.State(); err != nil || s.PeerID != "ada" {
		t.Errorf("in came %q, %v", s.PeerID, err)
	}
	address, err := Eval[string](page, `location.href`)
	if err != nil || strings.Contains(address, "token") {
		t.Errorf("the address is %s, %v", address, err)
	}
	if _, err := Eval[bool](page, `(location.reload(), true)`); err != nil {
		t.Fatal(err)
	}
	page.Until(startTimeout, "is in again", func(s State) error {
		if s.Phase != "live" || s.PeerID != "ada" {
			return fmt.Errorf("%s %s %s", s.Phase, s.Code, s.PeerID)
		}
		return nil
	})

	other := New(t, "second", Options{})
	other.Open(link)
	other.Until(startTimeout, "is refused", func(s State) error {
		if s.Phase != "refused" || s.Code != "token_expired" {
			return fmt.Errorf("%s %s", s.Phase, s.Code)
		}
		return nil
	})
}
