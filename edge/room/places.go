package room

// RoomKind says whom a room is for. It is the first entrant's for as long as the
// session runs (X-52 of the feature list).
type RoomKind string

// The kinds of rooms.
const (
	Call    RoomKind = "call"    // everybody may speak; so is a room of no kind
	Webinar RoomKind = "webinar" // few speak, and viewers are only counted
)

func (k RoomKind) valid() bool { return k == "" || k == Call || k == Webinar }

// pool is a part of a room's places.
type pool int

const (
	callPool    pool = iota // everybody in a call
	speakerPool             // of a webinar: all but viewers
	viewerPool
)

// pool is where somebody of a mode has their place.
func (k RoomKind) pool(m Mode) pool {
	switch {
	case k != Webinar:
		return callPool
	case m == ViewerMode:
		return viewerPool
	}
	return speakerPool
}

// Places is how many places each part of a room has.
type Places struct {
	Call     int `json:"call"`     // in a call, for everybody
	Speakers int `json:"speakers"` // in a webinar, for all but viewers
	Viewers  int `json:"viewers"`  // in a webinar
}

// noPlaces is what a room has that nobody gave any, L-01 to L-03 of the limits.
func noPlaces() Places { return Places{Call: 50, Speakers: 20, Viewers: 2000} }

func (p Places) valid() bool { return p.Call >= 0 && p.Speakers >= 0 && p.Viewers >= 0 }

func (p *Places) of(which pool) *int {
	switch which {
	case speakerPool:
		return &p.Speakers
	case viewerPool:
		return &p.Viewers
	}
	return &p.Call
}

// taken is how many places of a part are taken. Each is held by a peer id.
func (s *State) taken(which pool) int {
	switch viewers := s.count().viewers; which {
	case speakerPool:
		return len(s.People) - viewers
	case viewerPool:
		return viewers
	}
	return len(s.People)
}

// free is how many places of each part are left.
func (s *State) free() Places {
	return Places{s.Places.Call - s.taken(callPool), s.Places.Speakers - s.taken(speakerPool), s.Places.Viewers - s.taken(viewerPool)}
}

// fits reports whether there is a place for a person: the one that their peer id
// holds already, or a free one.
func (s *State) fits(p Person, m Meta) bool {
	which := m.Kind.pool(p.Mode)
	if old, present := s.People[p.PeerID]; present && m.Kind.pool(old.Mode) == which {
		return true
	}
	return s.taken(which) < *m.Places.of(which)
}

// settled is the kind and the places of the room as a join brings them. Of a
// webinar's parts it knows the one it asks for.
func (c *Core) settled(j JoinCommand) Meta {
	m := c.s.meta()
	if c.s.Ordinal == 0 && j.Kind == Webinar {
		m.Kind = Webinar
	}
	if j.Capacity > 0 && !m.Kind.differs(j.Kind) {
		*m.Places.of(m.Kind.pool(j.Mode)) = j.Capacity
	}
	return m
}

// differs reports whether somebody comes to a room of another kind than they know.
func (k RoomKind) differs(known RoomKind) bool {
	return known != "" && (k == Webinar) != (known == Webinar)
}

func (c *Core) resize(m Meta) []Event {
	if m.Kind == c.s.Kind && m.Places == c.s.Places {
		return nil
	}
	return []Event{{Kind: eventMeta, Meta: &m}}
}
