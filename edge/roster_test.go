package edge

import (
	"slices"
	"testing"

	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/edge/sfu"
	"github.com/meridian-video/meridian/geo"
)

func person(peer string, ordinal uint64, node geo.NodeID, kinds ...string) room.Person {
	p := room.Person{PeerID: peer, Ordinal: ordinal, Node: node, Attachment: "a-" + peer, Tracks: map[string]string{}}
	for _, k := range kinds {
		p.Tracks[k] = p.Attachment + "." + k
	}
	return p
}

func peers(people []room.Person) []string {
	var out []string
	for _, p := range people {
		out = append(out, p.PeerID)
	}
	return out
}

// TestRosterTakesEarlyEvents: events that overtake the snapshot count after it,
// a reset that does replaces it.
func TestRosterTakesEarlyEvents(t *testing.T) {
	ann, bob, cyd := person("ann", 1, "fra-1"), person("bob", 2, "fra-1"), person("cyd", 3, "iad-1")
	join := func(p room.Person) []room.Event { return []room.Event{{Kind: room.EventJoin, Person: &p}} }
	leave := []room.Event{{Kind: room.EventLeave, PeerID: "ann"}}
	snapshot := room.Snapshot{People: []room.Person{ann}}

	var r roster
	if r.update(join(bob)) {
		t.Error("an event before the snapshot counted as the roster's")
	}
	r.begin(snapshot)
	if got := peers(r.people()); !slices.Equal(got, []string{"ann", "bob"}) {
		t.Errorf("after the snapshot: %v", got)
	}
	if !r.update(append(join(cyd), leave...)) {
		t.Error("an event after the snapshot did not count")
	}
	if got := peers(r.people()); !slices.Equal(got, []string{"bob", "cyd"}) {
		t.Errorf("after join and leave: %v", got)
	}

	var early roster
	if early.reset(room.Snapshot{People: []room.Person{cyd}}) {
		t.Error("a reset before the snapshot began the roster")
	}
	early.begin(snapshot)
	if got := peers(early.people()); !slices.Equal(got, []string{"cyd"}) {
		t.Errorf("the reset is newer than the snapshot: %v", got)
	}
}

// TestFirstPublishers: shares come first, then people as they joined; never oneself.
func TestFirstPublishers(t *testing.T) {
	people := []room.Person{
		person("me", 1, "fra-1", trackCamera, trackMic),
		person("ann", 2, "fra-1", trackCamera, trackMic),
		person("bob", 3, "iad-1", trackShare, trackShareAudio, trackMic),
	}
	want := []string{"a-bob.share", "a-bob.share_audio", "a-ann.camera", "a-ann.mic", "a-bob.mic"}
	if got := firstPublishers(people, "a-me"); !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	live := tracksOf(slices.Values(people), "a-me")
	if live["a-bob.share"] != "iad-1" || live["a-ann.mic"] != "fra-1" {
		t.Errorf("tracks are at %v", live)
	}
	if _, ok := live["a-me.camera"]; ok {
		t.Error("one's own tracks can be subscribed to")
	}
}

func TestKindOfTrack(t *testing.T) {
	for id, want := range map[string]sfu.Kind{
		"x.mic": sfu.Audio, "x.share_audio": sfu.Audio, "x.camera": sfu.Video, "x.share": sfu.Video, "": sfu.Video, "nodot": sfu.Video,
	} {
		if got := kindOf(id); got != want {
			t.Errorf("kindOf(%q) = %v, want %v", id, got, want)
		}
	}
}
