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
}

func (o outcome) String() string {
	return fmt.Sprintf("others %v, hit %v, decided %v, whole %v, %d leaves, %d renamed", o.others, o.hit, o.decided, o.whole, o.leaves, o.renamed)
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
	case "transit":
		t.ends = [2]string{pops[0], pops[1]}
		return t.goAround(ctx)
	}
	return nil
}

// goAround cuts two POPs apart and finds who carries between them then.
func (t *trial) goAround(ctx context.Context) error {
	if err := t.fleet.Net.Cut(t.ends[0], t.ends[1]); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, t.limit)
	defer cancel()
	most := uint64(0)
	before := map[string]uint64{}
	err := fleet.Until(ctx, "media flow around the cut", func() error {
		for _, pop := range t.fleet.Topology.POPs {
			if n, err := t.carried(pop); err != nil {
				return err
			} else if n-before[pop] > most {
				t.victim, most = pop, n-before[pop]
			} else {
				before[pop] = n
			}
		}
		wait, stop := context.WithTimeout(ctx, time.Second)
		defer stop()
		return t.room.Flows(wait)
	})
	if err != nil {
		return fmt.Errorf("%w: %w", errNoWay, err)
	}
	return nil
}

// carried counts the packets that a POP sent to the second of the ends.
func (t *trial) carried(pop string) (uint64, error) {
	if pop == t.ends[0] || pop == t.ends[1] {
		return 0, nil
	}
	s, err := t.fleet.Net.State(pop, t.ends[1])
	return s.Stats[path.Passes], err
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
			return errors.New("it is too early")
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
