package record

// RoomKind is what a room is: a call among equals or a webinar with viewers.
type RoomKind string

// The kinds of rooms.
const (
	Call    RoomKind = "call"
	Webinar RoomKind = "webinar"
)

// Opened says that a session began: the first person was admitted. Of several, the earliest counts.
type Opened struct {
	Live
	RoomKind RoomKind `json:"room_kind"`
	POP      string   `json:"pop"`  // of the room's home
	Node     string   `json:"node"` // the room's home
}

// Kind implements Record.
func (*Opened) Kind() Kind { return KindOpened }

// ID implements Record.
func (o *Opened) ID() string { return join(KindOpened, o.Company, o.Session) }

func (o *Opened) tidy() {
	o.Live.tidy()
	tidyText(&o.POP, &o.Node)
}

func (o *Opened) validate() error {
	return first(o.Live.validate(), oneOf("room_kind", o.RoomKind, Call, Webinar),
		optionalID("pop", o.POP), optionalID("node", o.Node))
}

// Closed says that a session ended. Whoever is in it without an end of their own left with it, as room_closed.
// Of several, the latest counts: a part of the room that was cut off may have closed before.
type Closed struct {
	Live
}

// Kind implements Record.
func (*Closed) Kind() Kind { return KindClosed }

// ID implements Record.
func (c *Closed) ID() string { return join(KindClosed, c.Company, c.Session) }
