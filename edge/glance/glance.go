package glance

import (
	"time"

	"github.com/meridian-video/meridian/geo"
)

// Question asks a node for a glance. A room that is named is told of in detail.
type Question struct {
	Company string `json:"company,omitempty"`
	Room    string `json:"room,omitempty"`
}

// Names says whether the question names a room.
func (q Question) Names() bool { return q.Company != "" && q.Room != "" }

// Glance is what an edge knows of itself at one moment.
type Glance struct {
	Node   geo.NodeID `json:"node"`
	People int        `json:"people"` // attached to it
	Tracks int        `json:"tracks"` // published at it
	Links  []Link     `json:"links,omitempty"`
	Rooms  []Room     `json:"rooms,omitempty"` // the largest that it has a copy of
	Homes  int        `json:"homes"`           // rooms that it is the home of, listed or not
	Detail *Detail    `json:"detail,omitempty"`
}

// Link is a link to another node as this end measures it: loss, rates and queue are of
// what this end sends.
type Link struct {
	To      geo.NodeID `json:"to"`
	Up      bool       `json:"up"`                // false: it is tried for, and there is none
	Via     geo.NodeID `json:"via,omitempty"`     // the node that it leads over; empty: it is direct
	Deaf    bool       `json:"deaf,omitempty"`    // this end hears nothing
	Unheard bool       `json:"unheard,omitempty"` // the other end says that it hears nothing
	Since   time.Time  `json:"since,omitzero"`

	RTT       float64 `json:"rtt_ms"`         // 0: not known yet
	Queue     float64 `json:"queue_ms"`       // one-way delay over its least
	Loss      float64 `json:"loss"`           // share of packets, 0 to 1
	Sent      float64 `json:"sent"`           // bit/s
	Available float64 `json:"available"`      // bit/s that may be sent
	Shed      int     `json:"shed,omitempty"` // tracks that lack layers for want of room
	Sealed    string  `json:"sealed"`         // state of sealed datagrams: none, down, doubtful, up
	In        int     `json:"in,omitempty"`   // tracks that come
	Out       int     `json:"out,omitempty"`  // tracks that go
}

// Room is a room that a node has a copy of.
type Room struct {
	Company string     `json:"company"`
	Room    string     `json:"room"`
	Home    geo.NodeID `json:"home"`
	Leading bool       `json:"leading,omitempty"` // the node is the home
	People  int        `json:"people"`            // on all nodes
}

// Detail is what a node knows of the room that was asked about.
type Detail struct {
	Home    geo.NodeID         `json:"home,omitempty"` // empty: it has no copy
	Leading bool               `json:"leading,omitempty"`
	People  map[geo.NodeID]int `json:"people,omitempty"` // by node, who waits in the lobby among them
	Routes  []Route            `json:"routes,omitempty"`
}

// Route is how a track of another node comes to this one.
type Route struct {
	Origin  geo.NodeID   `json:"origin"`
	Track   string       `json:"track"`             // a name that says nothing but which it is
	Kind    string       `json:"kind"`              // mic, camera, share …
	Path    []geo.NodeID `json:"path,omitempty"`    // from the parent to the origin; empty: none is found
	Backup  geo.NodeID   `json:"backup,omitempty"`  // whom the node would ask next
	Local   int          `json:"local,omitempty"`   // claims of this node
	Transit int          `json:"transit,omitempty"` // claims of nodes behind it
}
