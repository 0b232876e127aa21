package edge

import (
	"testing"

	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/edge/signal"
)

// What happens to a socket that another has replaced says nothing of the
// participant.
func TestAnOldSocketSaysNothing(t *testing.T) {
	n := startLone(t)
	ann := n.seated("ann", "")
	first := ann.out.out
	old := grip{ann, first}
	second := signal.NewOutbox()
	ann.out.replace(second)
	if _, end := first.Take(); end == nil || end.Code != signal.Superseded {
		t.Errorf("the old socket ends with %v", end)
	}
	old.Lost()
	old.Away()
	old.Leave()
	ann.mu.Lock()
	if ann.ended || ann.lost != nil {
		t.Error("the old socket took the participant away")
	}
	ann.mu.Unlock()
	ann.out.Send("news")
	if queue, end := second.Take(); end != nil || len(queue) != 1 {
		t.Errorf("the new socket has %v, %v", queue, end)
	}
	grip{ann, second}.Leave()
	n.until("ann has left", func() bool { return len(n.attachmentList()) == 0 })
}

// A socket can be opened again only where there is media to keep.
func TestNoMediaNoReturn(t *testing.T) {
	n := startLone(t)
	ann := n.seated("ann", "")
	if ann.take(signal.NewOutbox()) {
		t.Error("an attachment that never connected is taken up again")
	}
	if n.attachmentOf(ann.id) != ann || n.attachmentOf("nobody") != nil {
		t.Error("attachments are not found by their ids")
	}
}

// A publisher who goes on at another node keeps the slots.
func TestTracksHaveHeirs(t *testing.T) {
	var r roster
	person := func(attachment, mic, camera string) *room.Person {
		p := &room.Person{PeerID: "ann", Attachment: attachment, Tracks: map[string]string{"mic": mic}}
		if camera != "" {
			p.Tracks["camera"] = camera
		}
		return p
	}
	r.begin(room.Snapshot{People: []room.Person{*person("1", "1.opus.mic", "1.vp8.camera")}})
	if r.passed() != nil {
		t.Error("a snapshot has heirs")
	}
	r.update([]room.Event{{Kind: room.EventPerson, Person: person("1", "1.opus.mic", "")}})
	r.update([]room.Event{{Kind: room.EventPerson, Person: person("2", "2.opus.mic", "2.vp8.camera")}})
	if got := r.passed(); len(got) != 1 || got["1.opus.mic"] != "2.opus.mic" {
		t.Errorf("heirs %v", got)
	}
	r.reset(room.Snapshot{People: []room.Person{*person("3", "3.opus.mic", "3.vp8.camera")}})
	if got := r.passed(); len(got) != 2 || got["2.vp8.camera"] != "3.vp8.camera" {
		t.Errorf("heirs after a reset %v", got)
	}
	if r.passed() != nil {
		t.Error("heirs are told twice")
	}
}
