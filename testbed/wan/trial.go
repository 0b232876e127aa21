//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/meridian-video/meridian/testbed/wan/fleet"
	"github.com/meridian-video/meridian/testbed/wan/path"
)

// errNoWay is returned where nothing carries media around a cut.
var errNoWay = errors.New("no media came around the cut")

// trial is one fault done to one room.
type trial struct {
	fleet *fleet.Fleet
	fault fault
	limit time.Duration

	room   fleet.Room
	home   string
	victim string    // POP that dies
	ends   [2]string // POPs that lose each other
}

// outcome is what one trial gave. A time is negative where the limit was over first.
type outcome struct {
	others  [2]time.Duration // standstill of sound and pictures between those not hit
	hit     [2]time.Duration // between those hit and all others
	decided time.Duration    // until a line of chat was taken from somebody not hit
	whole   bool             // all media flowed again within the limit
	leaves  int              // people who were seen to leave and had not
	renamed int              // people who came back as somebody else
	moved   int              // times that somebody went to another POP
}

func (o outcome) String() string {
	return fmt.Sprintf("others %v, hit %v, decided %v, whole %v, %d leaves, %d renamed, %d moved", o.others, o.hit, o.decided, o.whole, o.leaves, o.renamed, o.moved)
}

// prepare fills the room and chooses what is going to happen.
func (t *trial) prepare(ctx context.Context, room string) (err error) {
	pops := t.fleet.Topology.POPs[:3]
	if t.fault.four {
		pops = []string{"fra", "syd"}
	}
	if t.room, err = t.fleet.EnterEach(ctx, room, pops...); err != nil {
		return err
	}
	if err := t.room.Agree(ctx); err != nil {
		return err
	}
	t.home = t.room.Home()
	away := slices.DeleteFunc(slices.Clone(pops), func(pop string) bool { return pop == t.home })
	switch t.fault.name {
	case "edge":
		t.victim = away[0]
	case "home":
		t.victim = t.home
	case "cut", "oneway":
		t.ends = [2]string{away[0], away[1]}
		return t.goDirect(ctx)
	case "transit":
		t.ends = [2]string{pops[0], pops[1]}
		return t.goAround(ctx)
	}
	return nil
}

// goDirect waits until media take the link that is going to be cut: after the trial
// before, they may still go around it.
func (t *trial) goDirect(ctx context.Context) error {
	window, count := time.Now(), uint64(0)
	return fleet.Until(ctx, "media take the direct link", func() error {
		s, err := t.fleet.Net.State(t.ends[0], t.ends[1])
		if err != nil || time.Since(window) < time.Second {
			return errors.Join(err, errEarly)
		}
		sent := s.Stats[path.Passes] - count
		window, count = time.Now(), s.Stats[path.Passes]
		if count == sent || sent < dense { // the first window has no beginning
			return fmt.Errorf("only %d packets do", sent)
		}
		return nil
	})
}

// dense is how many packets a second are media, and not only probes and gossip.
const dense = 40

// goAround cuts two POPs apart and finds who carries between them then.
func (t *trial) goAround(ctx context.Context) error {
	if err := t.fleet.Net.Cut(t.ends[0], t.ends[1]); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, t.limit)
	defer cancel()
	began := time.Now()
	err := fleet.Until(ctx, "media flow around the cut", func() error {
		if time.Since(began) < felt {
			return errEarly
		}
		return t.room.Flows(ctx)
	})
	if err != nil {
		return fmt.Errorf("%w: %w", errNoWay, err)
	}
	return t.findCarrier(ctx)
}

// findCarrier makes the POP the victim that sends most to the second of the ends.
func (t *trial) findCarrier(ctx context.Context) error {
	before, err := t.carried()
	if err != nil {
		return err
	}
	began := time.Now()
	return fleet.Until(ctx, "somebody carries", func() error {
		now, err := t.carried()
		if err != nil || time.Since(began) < felt {
			return errors.Join(err, errEarly)
		}
		most := uint64(0)
		for pop, n := range now {
			if sent := n - before[pop]; sent > most {
				t.victim, most = pop, sent
			}
		}
		if most < dense {
			return fmt.Errorf("the busiest sent %d packets", most)
		}
		return nil
	})
}

// felt is how long after a cut what was under way can no longer pass for more.
const felt = time.Second

// errEarly is returned while a fault has not had its effect.
var errEarly = errors.New("it is too early to tell")

// carried counts the packets that each POP sent to the second of the ends.
func (t *trial) carried() (map[string]uint64, error) {
	out := map[string]uint64{}
	for _, pop := range t.fleet.Topology.POPs {
		if pop == t.ends[0] || pop == t.ends[1] {
			continue
		}
		s, err := t.fleet.Net.State(pop, t.ends[1])
		if err != nil {
			return nil, err
		}
		out[pop] = s.Stats[path.Passes]
	}
	return out, nil
}

// strike does it.
func (t *trial) strike() error {
	switch {
	case t.fault.name == "cut":
		return t.fleet.Net.Cut(t.ends[0], t.ends[1])
	case t.fault.name == "oneway":
		return t.fleet.Net.CutOneWay(t.ends[0], t.ends[1])
	case t.fault.death == "kill":
		t.fleet.Edges[t.victim].Kill()
	case t.fault.death == "silence":
		return t.fleet.Net.Silence(t.victim)
	}
	return nil
}

// hit are the people for whom a pause is to be expected.
func (t *trial) hit() fleet.Room {
	switch t.fault.name {
	case "edge", "home":
		return t.room.At(t.victim)
	case "cut", "oneway":
		return t.room.At(t.ends[0])
	}
	return nil
}

// calm is how long is measured where nothing happens, and at least otherwise.
const calm = 5 * time.Second

// run measures until all media flow again, or the limit is over.
func (t *trial) run(ctx context.Context) (outcome, error) {
	hit := t.hit()
	others := t.room.Without(hit)
	t.room.Mark()
	at := time.Now()
	if err := t.strike(); err != nil {
		return outcome{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, t.limit)
	defer cancel()
	var o outcome
	asked := make(chan time.Duration, 1)
	go func() { asked <- since(at, others[0].Ask(ctx, "decide")) }()
	err := fleet.Until(ctx, "the fault is felt", func() error {
		if time.Since(at) < calm {
			return errEarly
		}
		return nil
	})
	o.whole = errors.Join(err, t.room.Flows(ctx)) == nil
	o.decided = <-asked
	for k, kind := range []fleet.Kind{fleet.Audio, fleet.Video} {
		o.others[k], o.hit[k] = others.Standstill(kind), hit.Between(others, kind)
		if !o.whole && o.hit[k] > t.limit/2 {
			o.hit[k] = -1
		}
	}
	for _, p := range t.room {
		o.leaves += len(p.SawLeave())
		if p.Client().Joined.Peer != p.Peer {
			o.renamed++
		}
		_, moves := p.At()
		o.moved += moves
	}
	return o, nil
}

func since(at time.Time, err error) time.Duration {
	if err != nil {
		return -1
	}
	return time.Since(at)
}

// undo makes the network whole again.
func (t *trial) undo(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, recovery)
	defer cancel()
	var errs []error
	if t.ends[0] != "" {
		errs = append(errs, t.fleet.Net.Heal(t.ends[0], t.ends[1]))
	}
	if t.victim != "" {
		errs = append(errs, t.fleet.Net.Wake(t.victim))
		if !t.fleet.Edges[t.victim].Running() {
			errs = append(errs, t.fleet.Revive(ctx, t.victim))
		}
	}
	return errors.Join(append(errs, t.fleet.WaitWhole(ctx))...)
}
