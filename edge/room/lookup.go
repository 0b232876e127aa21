package room

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/meridian-video/meridian/geo"
)

// MaxPage bounds the people of one Page.
const MaxPage = 100

// maxCursor bounds a cursor, in bytes: a name and a peer id, escaped and encoded.
const maxCursor = 8 << 10

// Lookup asks for a part of the viewers, in the order of their names.
type Lookup struct {
	After string // cursor of the page before; empty: the first
	Match string // what the name contains, whatever its case; empty: anything
	Limit int    // at most MaxPage
}

// Page is an answer to a Lookup.
type Page struct {
	People []Person
	Next   string // cursor; empty: there are no more
	Total  int    // that match, on all pages
}

// spot is where somebody stands among the viewers. It stays as others come and go.
type spot struct{ name, peer string }

func spotOf(p Person) spot { return spot{strings.ToLower(p.Name), p.PeerID} }

func (p spot) compare(o spot) int {
	return cmp.Or(strings.Compare(p.name, o.name), strings.Compare(p.peer, o.peer))
}

// cursor writes a spot; readCursor reads one.
func (p spot) cursor() string {
	body, err := json.Marshal([]string{p.name, p.peer})
	if err != nil {
		return "" // strings can be encoded
	}
	return base64.RawURLEncoding.EncodeToString(body)
}

func readCursor(text string) (spot, error) {
	var words []string
	body, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(body, &words)
	}
	if err != nil || len(text) > maxCursor || len(words) != 2 {
		return spot{}, fmt.Errorf("after: is no cursor: %w", ErrInvalid)
	}
	return spot{words[0], words[1]}, nil
}

// Viewers looks up who views a webinar, from this node's copy. Only moderators may
// ask: of a viewer nobody else knows more than the number.
//
// It returns ErrNotAllowed, ErrNoAttachment, or ErrInvalid, which names the field.
func (s *Seat) Viewers(q Lookup) (Page, error) {
	o := s.owner
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.core == nil {
		return Page{}, ErrNoAttachment
	}
	p, ok := o.core.s.at(s.attachment)
	switch {
	case !ok:
		return Page{}, ErrNoAttachment
	case p.Role != Moderator:
		return Page{}, ErrNotAllowed
	}
	return o.core.s.viewers(q)
}

// viewers is the page of a lookup.
func (s *State) viewers(q Lookup) (page Page, err error) {
	var after spot
	if q.After != "" {
		if after, err = readCursor(q.After); err != nil {
			return page, err
		}
	}
	if q.Limit < 1 || q.Limit > MaxPage {
		return page, fmt.Errorf("limit: is not within 1 and %d: %w", MaxPage, ErrInvalid)
	}
	if !utf8.ValidString(q.Match) || utf8.RuneCountInString(q.Match) > MaxName {
		return page, fmt.Errorf("match: is longer than %d characters: %w", MaxName, ErrInvalid)
	}
	match := strings.ToLower(q.Match)
	var spots []spot
	for _, p := range s.People {
		at := spotOf(p)
		if p.Mode != ViewerMode || !strings.Contains(at.name, match) {
			continue
		}
		page.Total++
		if q.After == "" || at.compare(after) > 0 {
			spots = append(spots, at)
		}
	}
	slices.SortFunc(spots, spot.compare)
	if len(spots) > q.Limit {
		spots = spots[:q.Limit]
		page.Next = spots[q.Limit-1].cursor()
	}
	for _, at := range spots {
		page.People = append(page.People, s.People[at.peer])
	}
	return page, nil
}

// Person is who holds a peer id in this node's copy of a room.
func (p *Plane) Person(company, room, peer string) (out Person, ok bool) {
	p.look(company, room, func(s *State) { out, ok = s.People[peer] })
	return out, ok
}

// Nodes lists the nodes that have somebody of a room, by this node's copy.
func (p *Plane) Nodes(company, room string) (nodes []geo.NodeID) {
	p.look(company, room, func(s *State) {
		for id := range s.count().nodes {
			nodes = append(nodes, id)
		}
	})
	return nodes
}

// Spread says where a room's people are.
type Spread struct {
	Home    geo.NodeID
	Leading bool               // this node is the home
	People  map[geo.NodeID]int // who waits in the lobby among them
}

// Spread looks at this node's copy of a room; false where there is none.
func (p *Plane) Spread(company, room string) (s Spread, ok bool) {
	p.mu.Lock()
	o := p.rooms[Key{company, room}]
	p.mu.Unlock()
	if o == nil {
		return Spread{}, false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.core == nil {
		return Spread{}, false
	}
	return Spread{Home: o.home, Leading: o.mode == leading, People: maps.Clone(o.core.s.count().nodes)}, true
}

// look has f read this node's copy of a room, if there is one.
func (p *Plane) look(company, room string, f func(*State)) {
	p.mu.Lock()
	o := p.rooms[Key{company, room}]
	p.mu.Unlock()
	if o == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.core != nil {
		f(&o.core.s)
	}
}
