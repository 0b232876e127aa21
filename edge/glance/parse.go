package glance

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/meridian-video/meridian/geo"
)

// Bounds of a glance. Who tells keeps to them, and what goes beyond is refused.
const (
	MaxBytes  = 1 << 20
	MaxLinks  = 1024
	MaxRooms  = 200
	MaxRoutes = 2000
	MaxNodes  = 1024 // nodes of a room
	maxHops   = 8    // of a path; relay takes fewer
	maxName   = 256  // bytes of any name, as in edge/room
	maxKind   = 32
	maxCount  = 1 << 30
	MaxMillis = 3.6e6
	MaxRate   = 1e13 // bit/s
)

// ErrMalformed is returned for bytes that are no glance, or none within the bounds.
var ErrMalformed = errors.New("malformed glance")

// ParseQuestion reads a question.
func ParseQuestion(b []byte) (q Question, err error) {
	if len(b) > 4*maxName {
		return Question{}, fmt.Errorf("question of %d bytes: %w", len(b), ErrMalformed)
	}
	if err := json.Unmarshal(b, &q); err != nil {
		return Question{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if !q.Valid() {
		return Question{}, ErrMalformed
	}
	return q, nil
}

// Valid says whether the question names a room that can exist, or none.
func (q Question) Valid() bool {
	return name(q.Company) && name(q.Room) && (q.Company == "") == (q.Room == "")
}

// Parse reads what a node tells of itself. Whatever it says, no other node is named as
// the one that speaks.
func Parse(from geo.NodeID, b []byte) (g Glance, err error) {
	if len(b) > MaxBytes {
		return Glance{}, fmt.Errorf("%d bytes: %w", len(b), ErrMalformed)
	}
	if err := json.Unmarshal(b, &g); err != nil {
		return Glance{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if g.Node != from {
		return Glance{}, fmt.Errorf("%q speaks as %q: %w", from, g.Node, ErrMalformed)
	}
	if !g.valid() {
		return Glance{}, ErrMalformed
	}
	return g, nil
}

func (g Glance) valid() bool {
	return count(g.People) && count(g.Tracks) && count(g.Homes) &&
		all(g.Links, MaxLinks, Link.valid) && all(g.Rooms, MaxRooms, Room.valid) && (g.Detail == nil || g.Detail.valid())
}

func (l Link) valid() bool {
	return node(l.To) && (l.Via == "" || node(l.Via)) && instant(l.Since) && within(l.RTT, MaxMillis) && within(l.Queue, MaxMillis) && within(l.Loss, 1) &&
		within(l.Sent, MaxRate) && within(l.Available, MaxRate) && count(l.Shed) && count(l.In) && count(l.Out) && len(l.Sealed) <= maxKind && name(l.Sealed)
}

func (r Room) valid() bool {
	return r.Company != "" && r.Room != "" && name(r.Company) && name(r.Room) && (r.Home == "" || node(r.Home)) && count(r.People)
}

func (d Detail) valid() bool {
	if len(d.People) > MaxNodes || d.Home != "" && !node(d.Home) {
		return false
	}
	for id, n := range d.People {
		if !node(id) || !count(n) {
			return false
		}
	}
	return all(d.Routes, MaxRoutes, Route.valid)
}

func (r Route) valid() bool {
	return node(r.Origin) && name(r.Track) && name(r.Kind) && len(r.Kind) <= maxKind && (r.Backup == "" || node(r.Backup)) &&
		count(r.Local) && count(r.Transit) && all(r.Path, maxHops, node)
}

func all[T any](list []T, most int, valid func(T) bool) bool {
	if len(list) > most {
		return false
	}
	for _, v := range list {
		if !valid(v) {
			return false
		}
	}
	return true
}

func node(id geo.NodeID) bool { return geo.ValidNodeID(string(id)) == nil }

func count(n int) bool { return n >= 0 && n <= maxCount }

func within(v, most float64) bool { return v >= 0 && v <= most }

// instant keeps times within what JSON writes again.
func instant(t time.Time) bool { return t.Year() >= 0 && t.Year() <= 9999 }

// name is a text that is safe to print.
func name(s string) bool {
	if len(s) > maxName || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}
