//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/meridian-video/meridian/testbed/wan/fleet"
)

// measureCommand repeats what may happen to a network.
type measureCommand struct {
	Times    int           `default:"5" help:"How often each case is repeated (5)."`
	Cases    []string      `default:"nothing,edge,home,cut,oneway,transit" help:"Which: ${default}."`
	Deaths   []string      `default:"kill,silence" help:"How nodes die: ${default}."`
	Limit    time.Duration `default:"40s" help:"How long is waited for media to be back (40s)."`
	Meridian string        `placeholder:"BIN" help:"A binary to measure instead of one built now."`
	Dir      string        `placeholder:"DIR" help:"Where nodes keep data and logs (a temporary one)."`
	Verbose  bool          `short:"v" help:"Say what each run gave."`
}

// Help is what --help says besides flags.
func (*measureCommand) Help() string {
	return `Each run is a room of its own with somebody in each of three POPs.
  nothing  five seconds without any fault: what this machine adds to all figures
  edge     the node of a participant dies, which is not the room's home
  home     the home of the room dies
  cut      two POPs lose each other, both ways, neither being the home
  oneway   as cut, in one direction
  transit  of four POPs, two lose each other; then the one dies that carries between them
A death is a kill -9, where the kernel refuses who calls, or silence, where nobody hears anything.
`
}

// A case is a fault, how it is done and undone.
type fault struct {
	name  string
	death string // empty: nothing dies
	four  bool   // POPs
}

func (o *measureCommand) faults() (out []fault, err error) {
	known := map[string]fault{"nothing": {}, "cut": {}, "oneway": {}, "edge": {death: "x"}, "home": {death: "x"}, "transit": {death: "x", four: true}}
	for _, d := range o.Deaths {
		if d != "kill" && d != "silence" {
			return nil, fmt.Errorf("%w: death %q is not kill or silence", errRefused, d)
		}
	}
	for _, name := range o.Cases {
		c, ok := known[name]
		if !ok {
			return nil, fmt.Errorf("%w: no case %q", errRefused, name)
		}
		c.name = name
		deaths := []string{""}
		if c.death != "" {
			deaths = o.Deaths
		}
		for _, d := range deaths {
			c.death = d
			out = append(out, c)
		}
	}
	return out, nil
}

func (o *measureCommand) Run(ctx context.Context) error {
	if o.Times < 1 || o.Times > 1000 {
		return fmt.Errorf("%w: --times %d is not 1 to 1000", errRefused, o.Times)
	}
	faults, err := o.faults()
	if err != nil {
		return err
	}
	var reports []*report
	for _, four := range []bool{false, true} {
		some := slices.DeleteFunc(slices.Clone(faults), func(f fault) bool { return f.four != four })
		if len(some) == 0 {
			continue
		}
		got, err := o.series(ctx, some, four)
		reports = append(reports, got...)
		if err != nil {
			write(os.Stdout, reports)
			return err
		}
	}
	write(os.Stdout, reports)
	return nil
}

// series measures cases on one network.
func (o *measureCommand) series(ctx context.Context, faults []fault, four bool) (out []*report, err error) {
	topology, dir := fleet.World(), o.Dir
	if four {
		topology = fleet.FourPOPs()
	}
	if dir != "" {
		dir = filepath.Join(dir, fmt.Sprintf("%d-pops", len(topology.POPs)))
	}
	f, end, err := begin(ctx, fleet.Options{Topology: topology, Dir: dir, Binary: o.Meridian, Seed: 1})
	if err != nil {
		return nil, err
	}
	defer end()
	for _, c := range faults {
		r := &report{fault: c}
		out = append(out, r)
		for i := range o.Times {
			if err := o.once(ctx, f, c, r, fmt.Sprintf("%s-%s-%d", c.name, c.death, i)); err != nil {
				return out, fmt.Errorf("%s %s, run %d: %w", c.name, c.death, i+1, err)
			}
		}
	}
	return out, nil
}

// recovery bounds what is waited for besides media, as a node's start.
const recovery = time.Minute

// once makes a room, does something to it, measures, and undoes it.
func (o *measureCommand) once(ctx context.Context, f *fleet.Fleet, c fault, into *report, room string) error {
	began, cancel := context.WithTimeout(ctx, recovery)
	defer cancel()
	t := &trial{fleet: f, fault: c, limit: o.Limit}
	err := t.prepare(began, room)
	defer t.room.Leave()
	if errors.Is(err, errNoWay) {
		into.never++
		return t.undo(ctx)
	}
	if err != nil {
		return errors.Join(err, t.undo(ctx))
	}
	got, err := t.run(ctx)
	if err != nil {
		return errors.Join(err, t.undo(ctx))
	}
	into.add(got)
	if o.Verbose {
		fmt.Printf("%s: %v\n", strings.TrimSpace(c.name+" "+c.death), got)
	}
	return t.undo(ctx)
}
