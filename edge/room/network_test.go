package room

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/geo"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// network joins planes in memory, for use in a bubble: ordered delivery with a
// delay per link, cuts that lose what is under way, deaths in silence.
type network struct {
	t      *testing.T
	delay  time.Duration // one way
	notice time.Duration // from a cut or death until the link says so
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu      sync.Mutex
	planes  map[geo.NodeID]*Plane
	living  map[geo.NodeID][]geo.NodeID // what each node believes
	cuts    map[[2]geo.NodeID]bool
	links   map[[2]geo.NodeID]chan parcel
	counted map[string]int // messages by topic

	books     *books
	drained   map[geo.NodeID]bool
	preferred geo.NodeID // where every room should have its home; empty: anywhere
	standing  Epoch      // of every room, as control has it
}

func (n *network) drains(id geo.NodeID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.drained[id]
}

// drain has everybody know that a node drains, or takes work again.
func (n *network) drain(id geo.NodeID, on bool) {
	n.mu.Lock()
	n.drained[id] = on
	n.mu.Unlock()
	for _, p := range n.all() {
		p.NodesChanged()
	}
}

func (n *network) prefers(_ Key, id geo.NodeID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return id == n.preferred
}

type parcel struct {
	due   time.Time
	topic string
	body  []byte
}

var errUnreachable = errors.New("unreachable")

func newNetwork(t *testing.T, delay time.Duration, nodes ...geo.NodeID) *network {
	time.Sleep(time.Until(epoch0)) // a bubble begins in 2000, history in 2020
	ctx, cancel := context.WithCancel(t.Context())
	n := &network{
		t: t, delay: delay, notice: 500 * time.Millisecond, ctx: ctx, cancel: cancel,
		planes: map[geo.NodeID]*Plane{}, living: map[geo.NodeID][]geo.NodeID{},
		cuts: map[[2]geo.NodeID]bool{}, links: map[[2]geo.NodeID]chan parcel{}, drained: map[geo.NodeID]bool{}, counted: map[string]int{}, books: newBooks(t),
	}
	t.Cleanup(n.close)
	for _, id := range nodes {
		n.start(id)
	}
	return n
}

func (n *network) close() {
	for _, p := range n.all() {
		p.Close()
	}
	n.cancel()
	n.wg.Wait()
}

func (n *network) all() []*Plane {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Collect(maps.Values(n.planes))
}

// start adds a node that everybody knows at once.
func (n *network) start(id geo.NodeID) *Plane {
	p := New(Config{Self: id, POP: string(id), Peers: endpoint{n, id}, Nodes: func() []geo.NodeID {
		n.mu.Lock()
		defer n.mu.Unlock()
		return slices.Clone(n.living[id])
	}, Prefers: n.prefers, Drains: n.drains, Recorder: book{n.books, id}, Placer: book{n.books, id}, Standing: func(Key) Epoch { return n.standing }})
	n.mu.Lock()
	n.planes[id] = p
	everybody := slices.Sorted(maps.Keys(n.planes))
	for other := range n.planes {
		n.living[other] = everybody
	}
	n.mu.Unlock()
	for _, p := range n.all() {
		p.NodesChanged()
	}
	return p
}

// kill ends a node silently. Links notice after n.notice, the membership after seen.
func (n *network) kill(id geo.NodeID, seen time.Duration) {
	n.mu.Lock()
	dead := n.planes[id]
	delete(n.planes, id)
	others := slices.Sorted(maps.Keys(n.planes))
	for _, o := range others {
		n.cuts[pair(id, o)] = true
	}
	n.mu.Unlock()
	n.wg.Go(dead.Close)
	time.AfterFunc(n.notice, func() {
		for _, p := range n.all() {
			p.LinkChanged(id, false)
		}
	})
	time.AfterFunc(seen, func() { n.believe(others, others) })
}

// believe sets what some nodes take for the living.
func (n *network) believe(who, living []geo.NodeID) {
	n.mu.Lock()
	for _, id := range who {
		n.living[id] = living
	}
	n.mu.Unlock()
	for _, id := range who {
		if p := n.plane(id); p != nil {
			p.NodesChanged()
		}
	}
}

func (n *network) plane(id geo.NodeID) *Plane {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.planes[id]
}

// cut loses everything between two nodes until heal.
func (n *network) cut(a, b geo.NodeID) {
	n.mu.Lock()
	n.cuts[pair(a, b)] = true
	n.mu.Unlock()
	time.AfterFunc(n.notice, func() {
		n.mu.Lock()
		still := n.cuts[pair(a, b)]
		n.mu.Unlock()
		if still {
			n.tell(a, b, false)
		}
	})
}

func (n *network) heal(a, b geo.NodeID) {
	n.mu.Lock()
	delete(n.cuts, pair(a, b))
	n.mu.Unlock()
	n.tell(a, b, true)
}

func (n *network) tell(a, b geo.NodeID, up bool) {
	if p := n.plane(a); p != nil {
		p.LinkChanged(b, up)
	}
	if p := n.plane(b); p != nil {
		p.LinkChanged(a, up)
	}
}

func pair(a, b geo.NodeID) [2]geo.NodeID { return [2]geo.NodeID{min(a, b), max(a, b)} }

func (n *network) reach(a, b geo.NodeID) *Plane {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cuts[pair(a, b)] {
		return nil
	}
	return n.planes[b]
}

type endpoint struct {
	n    *network
	self geo.NodeID
}

func (e endpoint) Send(to geo.NodeID, topic string, body []byte) error {
	n := e.n
	n.mu.Lock()
	defer n.mu.Unlock()
	n.counted[topic]++
	if n.planes[to] == nil {
		return errUnreachable
	}
	link := n.links[[2]geo.NodeID{e.self, to}]
	if link == nil {
		link = make(chan parcel, 10000)
		n.links[[2]geo.NodeID{e.self, to}] = link
		n.wg.Go(func() { n.carry(e.self, to, link) })
	}
	if n.cuts[pair(e.self, to)] {
		return nil // lost in silence
	}
	link <- parcel{due: time.Now().Add(n.delay), topic: topic, body: slices.Clone(body)}
	return nil
}

func (n *network) carry(from, to geo.NodeID, link chan parcel) {
	for {
		select {
		case <-n.ctx.Done():
			return
		case p := <-link:
			select {
			case <-n.ctx.Done():
				return
			case <-time.After(time.Until(p.due)):
			}
			if plane := n.reach(from, to); plane != nil {
				plane.Handle(from, p.topic, p.body)
			}
		}
	}
}

func (e endpoint) Call(ctx context.Context, to geo.NodeID, topic string, body []byte) ([]byte, error) {
	n := e.n
	n.mu.Lock()
	n.counted[topic]++
	n.mu.Unlock()
	if err := n.travel(ctx); err != nil {
		return nil, err
	}
	plane := n.reach(e.self, to)
	if plane == nil {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	answer, err := plane.Answer(ctx, e.self, topic, body)
	if err != nil {
		return nil, err
	}
	if err := n.travel(ctx); err != nil {
		return nil, err
	}
	if n.reach(e.self, to) == nil {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return answer, nil
}

func (n *network) travel(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(n.delay):
		return nil
	}
}

// page is an observer that keeps what a client would, and checks the order.
type page struct {
	t *testing.T

	mu      sync.Mutex
	seated  bool
	early   []func()
	version uint64
	kind    RoomKind
	viewers []int // as told, one after the other
	people  map[string]Person
	chat    []Message
	rules   Rules
	own     Person
	lobby   []string // peer ids
	asked   []string // of anybody
	reacted []string
	ended   []Reason
	endedBy string
	resets  int
}

func newPage(t *testing.T) *page { return &page{t: t, people: map[string]Person{}} }

func (p *page) soon(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.ended) > 0 {
		p.t.Errorf("told something after the end")
	}
	if !p.seated {
		p.early = append(p.early, f)
		return
	}
	f()
}

func (p *page) Update(version uint64, events []Event) {
	p.soon(func() {
		if version != p.version+1 && (p.kind != Webinar || version < p.version) { // viewers are only counted
			p.t.Errorf("update to version %d after %d", version, p.version)
		}
		p.version = version
		for _, e := range events {
			switch e.Kind {
			case EventJoin:
				if _, ok := p.people[e.Person.PeerID]; ok {
					p.t.Errorf("%s joined twice", e.Person.PeerID)
				}
				p.people[e.Person.PeerID] = *e.Person
			case EventPerson:
				if _, ok := p.people[e.Person.PeerID]; !ok && p.kind != Webinar {
					p.t.Errorf("%s changed without being there", e.Person.PeerID)
				}
				p.people[e.Person.PeerID] = *e.Person
			case EventLeave:
				if _, ok := p.people[e.PeerID]; !ok {
					p.t.Errorf("%s left without being there", e.PeerID)
				}
				delete(p.people, e.PeerID)
			case EventCounted:
				if _, ok := p.people[e.PeerID]; !ok {
					p.t.Errorf("%s counted without having been listed", e.PeerID)
				}
				delete(p.people, e.PeerID)
			case EventViewers:
				p.viewers = append(p.viewers, e.Viewers)
			case EventChat:
				p.chat = append(p.chat, *e.Message)
			case EventRules:
				p.rules = *e.Rules
			case EventWait:
				p.lobby = append(p.lobby, e.Person.PeerID)
			case EventWent:
				p.lobby = slices.DeleteFunc(p.lobby, func(id string) bool { return id == e.PeerID })
			case EventAsk:
				p.asked = append(p.asked, e.PeerID+" "+e.Text)
			case EventReaction:
				p.reacted = append(p.reacted, e.PeerID+" "+e.Text)
			}
		}
	})
}

func (p *page) load(s Snapshot) {
	p.rules, p.lobby, p.kind, p.viewers = s.Rules, nil, s.Kind, append(p.viewers, s.Viewers)
	for _, g := range s.Lobby {
		p.lobby = append(p.lobby, g.PeerID)
	}
	p.version, p.people, p.chat = s.Version, map[string]Person{}, slices.Clone(s.Chat)
	for _, person := range s.People {
		p.people[person.PeerID] = person
	}
}

func (p *page) Reset(s Snapshot) {
	p.soon(func() {
		p.resets++
		p.load(s)
	})
}

// Own comes before what the page is told otherwise.
func (p *page) Own(person Person) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.own = person
}

func (p *page) Ended(r Reason, by string) {
	p.soon(func() { p.ended, p.endedBy = append(p.ended, r), by })
}

func (p *page) seat(s Snapshot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.load(s)
	p.seated = true
	for _, f := range p.early {
		f()
	}
}

func (p *page) roster() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for id, person := range p.people {
		out = append(out, fmt.Sprintf("%s@%s/%s/%s", id, person.Node, person.Name, person.State))
	}
	slices.Sort(out)
	return fmt.Sprint(out)
}

func (p *page) talk() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, m := range p.chat {
		out = append(out, fmt.Sprintf("%d:%s", m.Seq, m.Text))
	}
	return fmt.Sprint(out)
}

func (p *page) cap() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rules.Bitrate.Value
}

func (p *page) end() []Reason {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.ended)
}

// enter joins and fails the test if that does not work.
func (n *network) enter(id geo.NodeID, peer string, with ...func(*Join)) (*Seat, *page) {
	n.t.Helper()
	pg := newPage(n.t)
	j := Join{Company: "acme", Room: "demo", Peer: peer, Name: peer}
	for _, f := range with {
		f(&j)
	}
	seat, snap, err := n.plane(id).Join(n.t.Context(), j, pg)
	if err != nil {
		n.t.Fatalf("join %s at %s: %v", peer, id, err)
	}
	pg.seat(snap)
	return seat, pg
}

func (n *network) say(s *Seat, text string) uint64 {
	n.t.Helper()
	seq, err := s.Chat(n.t.Context(), "", text)
	if err != nil {
		n.t.Fatalf("chat %q: %v", text, err)
	}
	return seq
}

// home is the node that leads, as all nodes with a copy must agree.
func (n *network) home() geo.NodeID {
	n.t.Helper()
	homes := n.homes()
	if len(homes) != 1 {
		n.t.Fatalf("homes: %v", homes)
	}
	return homes[0]
}

func (n *network) homes() []geo.NodeID {
	var homes []geo.NodeID
	for _, id := range n.ids() {
		for r := range n.plane(id).Rooms() {
			if r.Leading {
				homes = append(homes, id)
			}
		}
	}
	return homes
}

func (n *network) ids() []geo.NodeID {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Sorted(maps.Keys(n.planes))
}

// equal fails unless every copy there is has the same content.
func (n *network) equal(copies int) {
	n.t.Helper()
	hashes := map[string][]geo.NodeID{}
	count := 0
	for _, id := range n.ids() {
		p := n.plane(id)
		p.mu.Lock()
		o := p.rooms[Key{"acme", "demo"}]
		p.mu.Unlock()
		if o == nil {
			continue
		}
		o.mu.Lock()
		if o.core != nil {
			count++
			h := o.core.s.Hash()
			hashes[h] = append(hashes[h], id)
		}
		o.mu.Unlock()
	}
	if len(hashes) != 1 || count < copies {
		n.t.Errorf("%d copies, want %d, content %v", count, copies, hashes)
	}
}

func (n *network) rank() []geo.NodeID {
	return geo.Rendezvous(Key{"acme", "demo"}.rank(), n.ids())
}

func bubble(t *testing.T, f func(t *testing.T)) { t.Helper(); synctest.Test(t, f) }

func check[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// deaf is a network that reaches nobody; quiet an observer that ignores all.
type deaf struct{}

func (deaf) Send(geo.NodeID, string, []byte) error { return errUnreachable }

func (deaf) Call(context.Context, geo.NodeID, string, []byte) ([]byte, error) {
	return nil, errUnreachable
}

type quiet struct{}

func (quiet) Update(uint64, []Event) {}
func (quiet) Reset(Snapshot)         {}
func (quiet) Own(Person)             {}
func (quiet) Ended(Reason, string)   {}

func (p *page) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.people)
}

func (p *page) person(id string) Person {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.people[id]
}

func (p *page) messages() []Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.chat)
}

func (p *page) resetCount() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.resets
}
