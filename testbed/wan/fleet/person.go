//go:build linux

package fleet

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/transport/v4"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
	"github.com/meridian-video/meridian/testbed/wan/netns"
)

// The page's rules for a node that is gone (edge/web, protocol/line.ts and
// attachment.ts): a socket that closes, or says nothing for so long, is lost; one
// that does not open, or a join without an answer, in so long is given up. The
// page's suspicion when media stop, which finds dead sockets to living nodes, is
// not played.
const (
	silence = 5 * time.Second
	opening = 2500 * time.Millisecond
	joining = 6 * time.Second
	pause   = 250 * time.Millisecond // before all POPs are tried again
)

// camera is enough to see gaps, and cheap.
var camera = client.Video{FPS: 10, PacketsPerFrame: 1, PayloadSize: 600}

// Person is somebody on a computer near a POP, who sends, gets all others, and
// comes back elsewhere when the node is gone.
type Person struct {
	Name string
	Near string // POP
	Peer string // id, which stays

	fleet *Fleet
	room  string
	host  *netns.Host
	view  transport.Net
	ctx   context.Context
	end   context.CancelFunc

	leaving atomic.Bool

	mu     sync.Mutex // guards the rest
	now    *client.Client
	pop    string // attached to
	moves  int    // attachments after the first
	last   error  // of what was tried
	senses senses
}

// Enter lets a person at a computer near a POP join a room there; who had the name
// before left the computer. The person leaves with Leave, or when the fleet ends.
func (f *Fleet) Enter(ctx context.Context, name, near, room string) (*Person, error) {
	if f.Edges[name] != nil || slices.Contains(reserved, name) {
		return nil, fmt.Errorf("%q is the name of a machine", name)
	}
	host, err := f.Net.Host(name), error(nil)
	if host == nil {
		host, err = f.Net.Add(name)
	}
	if err != nil {
		return nil, err
	}
	if err := f.settle(name, near); err != nil {
		return nil, err
	}
	p := &Person{Name: name, Near: near, fleet: f, room: room, host: host, senses: newSenses()}
	if p.view, err = host.Net(); err != nil {
		return nil, err
	}
	c, err := p.join(ctx, near, "")
	if err != nil {
		return nil, fmt.Errorf("%s joins at %s: %w", name, near, err)
	}
	p.Peer = c.Joined.Peer
	p.ctx, p.end = context.WithCancel(f.alive)
	p.attach(c, near)
	f.people.Go(p.live)
	return p, nil
}

// Leave leaves the room for good.
func (p *Person) Leave() {
	p.leaving.Store(true) // or the lost socket would be a reason to come back
	p.Client().Leave()
	p.end()
}

// Client is the current attachment, the last one while there is none.
func (p *Person) Client() *client.Client {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

// At is the POP the person is, or last was, attached to, and how often that has
// changed.
func (p *Person) At() (pop string, moves int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pop, p.moves
}

// Trouble is why the last attempt to come back failed.
func (p *Person) Trouble() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

func (p *Person) attach(c *client.Client, pop string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now, p.pop = c, pop
	p.senses.attach(slotsOf(c))
}

// join joins through a POP, with a ticket as who was there.
func (p *Person) join(ctx context.Context, pop, ticket string) (*client.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, joining)
	defer cancel()
	o := client.Options{
		WS: "ws://" + p.fleet.Net.Host(pop).Addr.String() + "/ws", Room: p.room, Name: p.Name, Resume: ticket,
		Media: signal.Media{Mic: true, Camera: true}, Video: places, Audio: places,
		HTTP: &http.Client{Transport: &http.Transport{DialContext: p.dial}},
	}
	o.Engine.SetNet(p.view)
	o.Engine.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	return client.Join(ctx, o)
}

func (p *Person) dial(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, opening)
	defer cancel()
	return p.host.Dial(ctx, network, address)
}

// live stays attached, anew whenever that is lost.
func (p *Person) live() {
	for {
		c := p.Client()
		p.stay(c)
		c.Close()
		if p.ctx.Err() != nil || p.leaving.Load() || final(c) {
			return
		}
		if !p.resume(c.Joined.Resume) {
			return
		}
	}
}

// final says whether the room has ended the presence for good.
func final(c *client.Client) bool {
	e := c.State().Ended
	return e != nil && slices.Contains([]signal.Code{signal.Superseded, signal.Kicked, signal.RoomClosed}, e.Code)
}

// stay sends and gets media until the attachment is lost.
func (p *Person) stay(c *client.Client) {
	ctx, cancel := context.WithCancel(p.ctx)
	var wg sync.WaitGroup
	wg.Go(func() { c.Send(ctx, camera) })
	wg.Go(func() { p.watch(ctx, c) })
	wg.Go(func() { p.listen(ctx) })
	defer wg.Wait()
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.Lost():
			return
		case <-tick.C:
			if time.Since(c.Heard()) > silence || c.State().Moved {
				return
			}
		}
	}
}

// resume tries POPs, the nearest first, but the lost one last, until one takes
// the ticket.
func (p *Person) resume(ticket string) bool {
	lost, _ := p.At()
	order := p.fleet.Topology.nearest(p.Near)
	order = append(slices.DeleteFunc(order, func(pop string) bool { return pop == lost }), lost)
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		for _, pop := range order {
			c, err := p.join(p.ctx, pop, ticket)
			if err == nil {
				p.mu.Lock()
				p.moves++
				p.mu.Unlock()
				p.attach(c, pop)
				return true
			}
			p.failed(fmt.Errorf("at %s: %w", pop, err))
		}
		select {
		case <-p.ctx.Done():
			return false
		case <-tick.C:
		}
	}
}

func (p *Person) failed(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = err
}

// Ask asks the room for something that its home decides, a line of chat, until it
// is taken. Each try has an id of its own: one that was refused stays refused.
func (p *Person) Ask(ctx context.Context, line string) error {
	tick := time.NewTicker(again)
	defer tick.Stop()
	for n := 1; ; n++ {
		try, cancel := context.WithTimeout(ctx, answering)
		_, err := p.Client().Chat(try, fmt.Sprintf("%s/%d", line, n), line)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("asked %d times: %w", n, err)
		case <-tick.C:
		}
	}
}

// How long one try waits for an answer, as the page does, and how often others
// are made: more would be refused for being too many.
const (
	answering = 16 * time.Second
	again     = 250 * time.Millisecond
)
