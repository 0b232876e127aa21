package journey

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"

	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
	"github.com/meridian-video/meridian/testbed/cluster"
)

// voices are the times at which one listener heard each of the others, over any
// number of attachments.
type voices struct {
	mu   sync.Mutex
	last map[byte]time.Time
	gaps map[byte]time.Duration // the longest
}

// hear is for client.Options.Sound.
func (v *voices) hear(p *rtp.Packet) {
	if len(p.Payload) < 2 {
		return
	}
	now, mark := time.Now(), p.Payload[1]
	v.mu.Lock()
	defer v.mu.Unlock()
	if last, ok := v.last[mark]; ok {
		v.gaps[mark] = max(v.gaps[mark], now.Sub(last))
	}
	v.last[mark] = now
}

// longest lists the gaps so far, which begin anew, with those that last.
func (v *voices) longest() (out []time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for mark, last := range v.last {
		out = append(out, max(v.gaps[mark], time.Since(last)))
	}
	clear(v.gaps)
	return out
}

func (v *voices) heard() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.last)
}

// mover is a participant who goes on elsewhere when a node asks.
type mover struct {
	n      *net
	o      client.Options
	voices voices

	mu  sync.Mutex
	all []*client.Client // one attachment after the other
}

func (m *mover) now() *client.Client {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.all[len(m.all)-1]
}

func (n *net) mover(pop string, room, mark int) *mover {
	m := &mover{n: n, voices: voices{last: map[byte]time.Time{}, gaps: map[byte]time.Duration{}}}
	m.o = client.Options{
		Room: fmt.Sprintf("room-%d", room), Name: fmt.Sprintf("%d", mark), Video: 1, Audio: 3, Hear: signal.HearLoudest,
		Media: signal.Media{Mic: true}, Mark: byte(mark), Sound: m.voices.hear,
	}
	c := n.join(pop, m.o)
	m.all = []*client.Client{c}
	n.speak(c)
	return m
}

// speak sends sound alone until the test ends.
func (n *net) speak(c *client.Client) {
	n.send(c, client.Video{FPS: 1, PacketsPerFrame: 1, PayloadSize: 100})
}

// follow moves to another POP when it is asked to, and closes what was before once
// it hears as many voices as there.
func (m *mover) follow(ctx context.Context, to string) error {
	before := m.now()
	if err := before.Until(ctx, "it is asked to move", func(s client.State) bool { return s.Moved }); err != nil {
		return err
	}
	o := m.o
	o.WS = m.n.ws(to)
	o.Connecting = m.n.speak
	c, err := before.Move(ctx, o)
	if err != nil {
		return err
	}
	m.n.t.Cleanup(c.Close)
	m.mu.Lock()
	m.all = append(m.all, c)
	m.mu.Unlock()
	if c.Joined.Peer != before.Joined.Peer {
		return fmt.Errorf("moved as %s, was %s", c.Joined.Peer, before.Joined.Peer)
	}
	if err := before.Until(ctx, "the old attachment is over", func(s client.State) bool { return s.Ended != nil }); err != nil {
		return err
	}
	before.Close()
	return nil
}

// order asks a node's operator port.
func (n *net) order(pop, method, query string) (d struct {
	Done                              bool
	People, Left, Moved, Gone, Stayed int
}) {
	n.t.Helper()
	r, err := http.NewRequestWithContext(n.t.Context(), method, n.Edges[pop].Operator+"/drain"+query, nil)
	if err != nil {
		n.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		n.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		n.t.Fatalf("%s /drain: %s", method, res.Status)
	}
	if err := json.NewDecoder(res.Body).Decode(&d); err != nil {
		n.t.Fatal(err)
	}
	return d
}

// TestDrainDropsNobody: an edge with 30 people who talk is drained. All go on at
// another with their ids, nobody sees anybody go, and the rooms that had their
// home there go on deciding.
func TestDrainDropsNobody(t *testing.T) {
	const people, each = 30, 4
	n := start(t, "fra", "iad")
	var all []*mover
	for i := range people {
		all = append(all, n.mover("fra", i/each, i))
	}
	others := func(i int) int { return min(each, people-i/each*each) - 1 }
	for i, m := range all {
		cluster.Wait(t, patience, fmt.Sprintf("%d hears the others", i), func() error {
			if got := m.voices.heard(); got != others(i) {
				return fmt.Errorf("it hears %d of %d", got, others(i))
			}
			return nil
		})
	}
	gaps := func() (out []time.Duration) {
		for _, m := range all {
			out = append(out, m.voices.longest()...)
		}
		slices.Sort(out)
		return out
	}
	gaps()
	began := time.Now()
	n.order("fra", "POST", "?deadline=1m")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var wg sync.WaitGroup
	errs := make([]error, people)
	for i, m := range all {
		wg.Go(func() { errs[i] = m.follow(ctx, "iad") })
	}
	cluster.Wait(t, time.Minute, "the drain is done", func() error {
		if d := n.order("fra", "GET", ""); !d.Done {
			return fmt.Errorf("%+v", d)
		}
		return nil
	})
	took := time.Since(began)
	wg.Wait()
	during := gaps()
	if d := n.order("fra", "GET", ""); d.People != people || d.Moved != people || d.Stayed+d.Gone+d.Left != 0 {
		t.Errorf("the drain ended with %+v", d)
	}
	for i, m := range all {
		c, s := m.now(), m.now().State()
		switch {
		case errs[i] != nil:
			t.Errorf("%d: %v", i, errs[i])
		case len(s.Gone)+len(s.Shaken) > 0 || s.Ended != nil:
			t.Errorf("%d saw %v go and %v reconnecting, and ended with %v", i, s.Gone, s.Shaken, s.Ended)
		case len(s.People) != others(i)+1:
			t.Errorf("%d sees %d people", i, len(s.People))
		}
		for _, old := range m.all[:len(m.all)-1] {
			if s := old.State(); len(s.Gone)+len(s.Shaken) > 0 {
				t.Errorf("%d saw %v go and %v reconnecting before it moved", i, s.Gone, s.Shaken)
			}
		}
		if _, err := c.Chat(ctx, "1", "hello"); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	t.Logf("drained in %v; gaps of %d voices in all that time: p50 %v, p95 %v, max %v",
		took.Round(time.Millisecond), len(during), quantile(during, 0.5), quantile(during, 0.95), quantile(during, 1))
	for room := range (people + each - 1) / each {
		n.nobodyEnded(fmt.Sprintf("room-%d", room), min(each, people-room*each))
	}
}

// nobodyEnded fails if history has an end of anybody in a room, or more presences
// than there are people.
func (n *net) nobodyEnded(room string, people int) {
	n.t.Helper()
	kept := n.History()
	var all []history.Participant
	cluster.Wait(n.t, patience, "history has who is in "+room, func() error {
		sessions, _, err := kept.Sessions(n.t.Context(), history.SessionFilter{Company: n.Company, Room: room}, history.Page{})
		if err != nil || len(sessions) != 1 {
			return errors.Join(fmt.Errorf("%d sessions", len(sessions)), err)
		}
		all, _, err = kept.Participants(n.t.Context(), n.Company, sessions[0].ID, history.Page{})
		if err == nil && len(all) < people {
			err = errMissing
		}
		return err
	})
	for _, p := range all {
		if !p.Left.IsZero() || len(all) != people {
			n.t.Errorf("history has %d presences in %s; %s ended at %v: %s", len(all), room, p.Name, p.Left, p.Reason)
		}
	}
}

func quantile(sorted []time.Duration, q float64) time.Duration {
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)].Round(time.Millisecond)
}
