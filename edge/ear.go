package edge

import (
	"slices"
	"sync"

	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/geo"
)

// ear switches a subscriber's audio slots to whom is worth hearing: the sound of
// shares, pinned microphones, then the loudest of the room. While there are as
// many slots as sounds, all are in a slot, so that nobody has to be loud first.
type ear struct {
	key     roomKey
	slots   *slots
	people  func() []room.Person // of the room, without the subscriber
	loudest func(k roomKey, n int, pinned []string, may func(track string) bool) []string
	tell    func(audio []*string) // nil: nobody

	mu     sync.Mutex
	pinned []string // tracks
	begun  bool
	told   []string // what the slots play, as the client knows
}

// pin gives microphones places of their own. The tracks need not exist yet.
func (e *ear) pin(tracks []string) {
	e.mu.Lock()
	e.pinned = slices.Clone(tracks)
	e.mu.Unlock()
	e.update()
}

// update switches what has to be switched and tells the client, under the lock,
// so that the last it is told is the last there was.
func (e *ear) update() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.begun {
		return
	}
	played, ok := e.slots.hear(e.choose)
	if !ok || slices.Equal(played, e.told) {
		return
	}
	e.told = played
	if e.tell != nil {
		e.tell(e.slots.assigned().Audio)
	}
}

// begin is the first update, of which a client is told by the answer to its join:
// what is told before would reach it after that, and be old.
func (e *ear) begin() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.begun = true
	e.told, _ = e.slots.hear(e.choose)
}

// choose says what n slots should play, best first, what else there is, and
// where all of it is.
func (e *ear) choose(n int) (want, rest []string, live map[string]geo.NodeID) {
	people := e.people()
	live = tracksOf(slices.Values(people), "")
	isLive := func(track string) bool { _, ok := live[track]; return ok }
	want, rest = sounds(people)
	taken := len(want)
	for _, track := range e.pinned {
		if isLive(track) {
			taken++
		}
	}
	return append(want, e.loudest(e.key, n-taken, e.pinned, isLive)...), rest, live
}

// sounds lists the sound of shares, and the microphones: those that are on first,
// else in the order in which people joined.
func sounds(people []room.Person) (shares, mics []string) {
	var off []string
	for _, p := range people {
		if id, ok := p.Tracks[trackShareAudio]; ok {
			shares = append(shares, id)
		}
		switch id, ok := p.Tracks[trackMic]; {
		case ok && p.Media.Mic:
			mics = append(mics, id)
		case ok:
			off = append(off, id)
		}
	}
	return shares, append(mics, off...)
}
