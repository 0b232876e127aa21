package picture

import (
	"cmp"
	"time"

	"github.com/meridian-video/meridian/edge/glance"
	"github.com/meridian-video/meridian/geo"
)

// Network is the picture.
type Network struct {
	By     geo.NodeID `json:"by"` // the node that has asked the others
	At     time.Time  `json:"at"`
	People int        `json:"people"`
	Rooms  int        `json:"rooms"` // that have a home, listed or not
	Nodes  []Node     `json:"nodes"`
	Links  []Link     `json:"links"`
	Listed []Room     `json:"listed"` // the largest rooms
	Room   *Chosen    `json:"room,omitempty"`
}

// NodeState is what is most remarkable about a node.
type NodeState string

// The states of nodes, the worst last.
const (
	NodeOK       NodeState = "ok"
	NodeFull     NodeState = "full"
	NodeDraining NodeState = "draining"
	NodeGray     NodeState = "gray"   // it answers, but passes no media or has a wrong clock
	NodeSilent   NodeState = "silent" // gossip knows it, and it did not answer
)

// Node is a living node.
type Node struct {
	ID      geo.NodeID `json:"id"`
	POP     geo.POP    `json:"pop"`
	Region  string     `json:"region,omitempty"`
	Role    geo.Role   `json:"role"`
	State   NodeState  `json:"state"`
	Version string     `json:"version,omitempty"`
	Started time.Time  `json:"started,omitzero"`

	Site *Site      `json:"site,omitempty"` // nil: nobody knows where it stands
	Near geo.NodeID `json:"near,omitempty"` // then the nearest node with a site, by round trip
	Away float64    `json:"away_ms,omitempty"`

	Load   float64 `json:"load"`
	People int     `json:"people"`
	Tracks int     `json:"tracks"` // published there
	Homes  int     `json:"homes"`  // rooms that have their home there
}

// LinkState is what is most remarkable about a link or one of its directions.
type LinkState string

// The states of links, the worst last.
const (
	LinkOK     LinkState = "ok"
	LinkDetour LinkState = "detour" // it leads over a third node
	LinkSlow   LinkState = "slow"   // longer than the distance explains, or with a queue
	LinkLossy  LinkState = "lossy"
	LinkCut    LinkState = "cut"  // nothing arrives this way
	LinkDown   LinkState = "down" // there is none, though one is tried for
)

// Compare orders states, the worse last.
func (s LinkState) Compare(o LinkState) int { return cmp.Compare(badness[s], badness[o]) }

var badness = map[LinkState]int{LinkOK: 0, LinkDetour: 1, LinkSlow: 2, LinkLossy: 3, LinkCut: 4, LinkDown: 5}

// Link is what two nodes have between them; A stands before B by name.
type Link struct {
	A     geo.NodeID `json:"a"`
	B     geo.NodeID `json:"b"`
	State LinkState  `json:"state"` // the worse of the two ways
	There *Way       `json:"there"` // from A to B, as A measures it; nil: A says nothing of it
	Back  *Way       `json:"back"`

	// Usual is the round trip that the distance explains, in ms; 0: not known.
	Usual float64 `json:"usual_ms,omitempty"`
}

// Way is one direction of a link as the node at its beginning measures it.
type Way struct {
	State LinkState `json:"state"`
	glance.Link
}

// Room is a room in the list.
type Room struct {
	Company string       `json:"company"`
	Room    string       `json:"room"`
	People  int          `json:"people"`
	Homes   []geo.NodeID `json:"homes"` // two after a partition, none when the home is silent
}

// Chosen is the room that was asked for.
type Chosen struct {
	Company string       `json:"company"`
	Room    string       `json:"room"`
	Known   bool         `json:"known"` // somebody has a copy
	People  int          `json:"people"`
	Homes   []geo.NodeID `json:"homes"`
	Leaves  []Leaf       `json:"leaves"`
	Flows   []Flow       `json:"flows"`
	Trees   []Tree       `json:"trees"` // the first of them
}

// Leaf is a node with people of the room.
type Leaf struct {
	Node   geo.NodeID `json:"node"`
	People int        `json:"people"`
}

// Flow is how many of an origin's tracks one node gives to another.
type Flow struct {
	Origin geo.NodeID `json:"origin"`
	From   geo.NodeID `json:"from"`
	To     geo.NodeID `json:"to"`
	Tracks int        `json:"tracks"`
	Backup geo.NodeID `json:"backup,omitempty"` // whom To would ask next
}

// Tree is the way of one track.
type Tree struct {
	Origin  geo.NodeID   `json:"origin"`
	Track   string       `json:"track"`
	Kind    string       `json:"kind"`
	Edges   []Edge       `json:"edges"`
	Seeking []geo.NodeID `json:"seeking,omitempty"` // nodes that want it and have found no way
}

// Edge is a link of a tree.
type Edge struct {
	From   geo.NodeID `json:"from"`
	To     geo.NodeID `json:"to"`
	Backup geo.NodeID `json:"backup,omitempty"`
	Passes bool       `json:"passes,omitempty"` // To wants it for others alone
}
