package geo

import (
	"time"

	"github.com/hashicorp/serf/coordinate"

	"github.com/meridian-video/meridian/geo/place"
)

// Node is what the network knows of one living process. Values handed out are
// copies; the coordinate they point to is never written again.
type Node struct {
	ID     NodeID
	POP    POP
	Region string // free text, POPs of one region lie close together
	Role   Role

	URL     string // public base URL for people, e.g. https://fra-1.example.net
	Relay   string // host:port of the relay's UDP socket
	Cluster string // control nodes: host:port of the cluster listener
	Version string // of the software

	Place    *place.Point  // where the node stands; nil: not said. Never written again
	Handicap time.Duration // by which the operator counts it farther than it is; whole ms

	Load     float64 // 0 idle to 1 at capacity
	Full     bool    // refuses new joins
	Draining bool    // finishes what it has, takes nothing new
	Gray     bool    // answers, but has found that it passes no media
	Started  time.Time

	// Coordinate is the node's place in Vivaldi space, nil until it was heard.
	Coordinate *coordinate.Coordinate
}
