package edge

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/meridian-video/meridian/edge/glance"
	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay"
)

// topicGlance asks a node what it knows of itself, for an operator's picture.
const topicGlance = "edge/glance"

const (
	// glanceTimeout is how long a node may take to answer.
	glanceTimeout = time.Second
	// glanceFor is how long what all nodes said is not asked again, however many look.
	glanceFor = time.Second
	// maxGlances bounds the rooms that are looked at at once, and maxGlancing the
	// nodes that are asked at once.
	maxGlances  = 16
	maxGlancing = 32
)

// glances are what all nodes said of late, by what was asked.
type glances struct {
	mu   sync.Mutex
	kept map[glance.Question]*glancing
}

// glancing is one round of questions.
type glancing struct {
	began time.Duration
	over  chan struct{} // closed when all have answered, or will not
	all   map[geo.NodeID]glance.Glance
}

// round gives the round under way, or one that is young enough; else a new one, which
// is the caller's to ask.
func (g *glances) round(q glance.Question, now time.Duration) (r *glancing, fresh bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for question, r := range g.kept {
		if now-r.began >= glanceFor+glanceTimeout || len(g.kept) >= maxGlances && question != q {
			delete(g.kept, question)
		}
	}
	if r = g.kept[q]; r != nil && (now-r.began < glanceFor || !r.done()) {
		return r, false
	}
	if g.kept == nil {
		g.kept = make(map[glance.Question]*glancing)
	}
	r = &glancing{began: now, over: make(chan struct{})}
	g.kept[q] = r
	return r, true
}

func (r *glancing) done() bool {
	select {
	case <-r.over:
		return true
	default:
		return false
	}
}

// Glances asks every edge of the network, this one too, and gives what those said that
// answered within a second. It is asked for a picture: once a second at the most, for
// everybody who looks. The result is shared and must not be changed.
func (n *Node) Glances(ctx context.Context, q glance.Question) (map[geo.NodeID]glance.Glance, error) {
	if !q.Valid() {
		return nil, glance.ErrMalformed
	}
	r, fresh := n.glances.round(q, n.now())
	if fresh { // for all who wait for it, so that it does not end with this context
		r.all = n.askAround(q)
		close(r.over)
	}
	select {
	case <-r.over:
		return r.all, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// askAround asks all others at the same time.
func (n *Node) askAround(q glance.Question) map[geo.NodeID]glance.Glance {
	ctx, cancel := context.WithTimeout(n.ctx, glanceTimeout)
	defer cancel()
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		all   = map[geo.NodeID]glance.Glance{n.cfg.Self.ID: n.glance(q)}
		doors = make(chan struct{}, maxGlancing)
	)
	for _, id := range n.edges() {
		if id == n.cfg.Self.ID {
			continue
		}
		wg.Go(func() {
			select {
			case doors <- struct{}{}:
			case <-ctx.Done():
				return
			}
			defer func() { <-doors }()
			g, err := n.askGlance(ctx, id, q)
			if err != nil {
				n.log.Debug("glance", "node", id, "err", err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			all[id] = g
		})
	}
	wg.Wait()
	return all
}

func (n *Node) askGlance(ctx context.Context, id geo.NodeID, q glance.Question) (glance.Glance, error) {
	body, err := json.Marshal(q)
	if err != nil {
		return glance.Glance{}, err
	}
	answer, err := n.mesh.Call(ctx, id, topicGlance, body)
	if err != nil {
		return glance.Glance{}, err
	}
	return glance.Parse(id, answer)
}

// answerGlance answers another node.
func (n *Node) answerGlance(body []byte) ([]byte, error) {
	q, err := glance.ParseQuestion(body)
	if err != nil {
		return nil, err
	}
	return json.Marshal(n.glance(q))
}

// glance is what this node says of itself.
func (n *Node) glance(q glance.Question) glance.Glance {
	tracks, _ := n.tracks.Counts()
	g := glance.Glance{Node: n.cfg.Self.ID, People: len(n.attachmentList()), Tracks: tracks, Links: glanceLinks(n.mesh.Links(), n.mesh.Unreached())}
	for r := range n.plane.Rooms() {
		if r.Leading {
			g.Homes++
		}
		g.Rooms = append(g.Rooms, glance.Room{Company: r.Company, Room: r.Room, Home: r.Home, Leading: r.Leading, People: r.People})
	}
	g.Rooms = largest(g.Rooms)
	if q.Names() {
		g.Detail = n.detail(q)
	}
	return g
}

// largest are the rooms that there is place for.
func largest(rooms []glance.Room) []glance.Room {
	slices.SortFunc(rooms, func(a, b glance.Room) int {
		return cmp.Or(cmp.Compare(b.People, a.People), cmp.Compare(a.Company, b.Company), cmp.Compare(a.Room, b.Room))
	})
	return rooms[:min(len(rooms), glance.MaxRooms)]
}

func glanceLinks(links []relay.LinkStats, unreached []geo.NodeID) (list []glance.Link) {
	for _, l := range links {
		c := l.Congestion
		list = append(list, glance.Link{
			To: l.Peer, Up: l.Up, Via: l.Via, Deaf: l.Deaf, Unheard: l.Unheard, Since: l.Since.UTC(),
			RTT: figure(millis(l.RTT), glance.MaxMillis), Queue: figure(millis(c.Queue), glance.MaxMillis), Loss: figure(c.Loss, 1),
			Sent: figure(c.Sent, glance.MaxRate), Available: figure(c.Rate, glance.MaxRate),
			Shed: l.Shed, Sealed: l.Path.State, In: l.TracksIn, Out: l.TracksOut,
		})
	}
	for _, id := range unreached {
		list = append(list, glance.Link{To: id})
	}
	return list[:min(len(list), glance.MaxLinks)]
}

// figure keeps a measure within what can be told.
func figure(v, most float64) float64 {
	if !(v >= 0) { // nor NaN
		return 0
	}
	return min(v, most)
}

// detail is what this node knows of a room.
func (n *Node) detail(q glance.Question) *glance.Detail {
	s, _ := n.plane.Spread(q.Company, q.Room)
	d := &glance.Detail{Home: s.Home, Leading: s.Leading}
	for id, people := range s.People {
		if d.People == nil {
			d.People = make(map[geo.NodeID]int, len(s.People))
		}
		if len(d.People) < glance.MaxNodes {
			d.People[id] = people
		}
	}
	for _, r := range n.mesh.Routes() {
		if r.Company == q.Company && r.Room == q.Room && len(d.Routes) < glance.MaxRoutes {
			d.Routes = append(d.Routes, glanceRoute(r))
		}
	}
	return d
}

func glanceRoute(r relay.TrackRoute) glance.Route {
	_, _, kind := splitTrack(r.Track)
	return glance.Route{Origin: r.Origin, Track: alias(r.Track), Kind: kind, Path: r.Path, Backup: r.Backup, Local: r.Local, Transit: r.Transit}
}

// alias tells tracks apart without the attachment that their ids begin with, by which
// people could be followed.
func alias(track string) string {
	sum := sha256.Sum256([]byte(track))
	return hex.EncodeToString(sum[:6])
}
