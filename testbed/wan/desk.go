//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/meridian-video/meridian/testbed/wan/fleet"
	"github.com/meridian-video/meridian/testbed/wan/netns"
	"github.com/meridian-video/meridian/testbed/wan/path"
	"github.com/meridian-video/meridian/testbed/wan/script"
)

// desk is where somebody plays with a network. One goroutine uses it.
type desk struct {
	fleet  *fleet.Fleet
	out    io.Writer
	people map[string]*fleet.Person
}

// demo is the room that "join" joins and that the printed links open.
const demo = "demo"

// greet says what there is and how to look at it.
func (d *desk) greet() {
	t := tabwriter.NewWriter(d.out, 0, 0, 2, ' ', 0)
	for _, pop := range d.fleet.Topology.POPs {
		p := d.fleet.Edges[pop]
		fmt.Fprintf(t, "%s\t%s\t%s/m/%s\tpid %d\n", pop, p.Host.Addr, d.fleet.URL(pop), demo, p.PID())
	}
	c := d.fleet.Control
	fmt.Fprintf(t, "control\t%s\t\tpid %d\n", c.Host.Addr, c.PID())
	_ = t.Flush()
	fmt.Fprintf(d.out, "A shell in a POP: nsenter --net --target PID. A browser takes a camera where it trusts the address:\nchromium --unsafely-treat-insecure-origin-as-secure=%s\nReady; help lists what can be said.\n", d.fleet.URL(d.fleet.Topology.POPs[0]))
}

// do does what a line says.
func (d *desk) do(ctx context.Context, l script.Line) error {
	if l.Verb == script.Wait {
		return wait(ctx, l.Names[0])
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	net, names := d.fleet.Net, append(l.Names, "", "")
	switch a, b := names[0], names[1]; l.Verb {
	case script.Cut:
		return net.Cut(a, b)
	case script.OneWay:
		return net.CutOneWay(a, b)
	case script.Heal:
		return net.Heal(a, b)
	case script.Silence:
		return net.Silence(a)
	case script.Wake:
		return net.Wake(a)
	case script.Link:
		if err := d.change(a, b, l.Words); err != nil {
			return err
		}
		return d.change(b, a, l.Words)
	case script.OneWayLink:
		return d.change(a, b, l.Words)
	case script.Links:
		return d.changeAll(l.Words)
	case script.Kill, script.Start:
		return d.node(ctx, a, l.Verb)
	case script.Join:
		return d.join(ctx, a, b)
	case script.Leave:
		return d.leave(a)
	case script.Show:
		return d.show(ctx)
	case script.Help:
		_, err := io.WriteString(d.out, script.Usage(script.Running))
		return err
	}
	return fmt.Errorf("%q does nothing here", l.Verb)
}

func (d *desk) change(from, to string, words []string) error {
	l, err := d.fleet.Net.Link(from, to)
	if err == nil {
		l, err = l.With(words...)
	}
	if err != nil {
		return err
	}
	return d.fleet.Net.Set(from, to, l)
}

func (d *desk) changeAll(words []string) error {
	for _, a := range d.fleet.Topology.POPs {
		for _, b := range d.fleet.Topology.POPs {
			if a == b {
				continue
			}
			if err := d.change(a, b, words); err != nil {
				return err
			}
		}
	}
	return nil
}

// wait lets time pass, for lines that are not typed.
func wait(ctx context.Context, text string) error {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > time.Hour {
		return fmt.Errorf("wait %s is not like wait 5s, or is more than an hour", text)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
	return nil
}

// node ends or starts a node.
func (d *desk) node(ctx context.Context, host string, verb script.Verb) error {
	p := d.fleet.Edges[host]
	if host == d.fleet.Control.Name {
		p = d.fleet.Control
	}
	switch {
	case p == nil:
		return fmt.Errorf("no node %q", host)
	case verb == script.Kill:
		p.Kill()
		return nil
	case p.Running():
		return fmt.Errorf("%s runs", host)
	case p == d.fleet.Control:
		return p.Start()
	}
	return d.fleet.Revive(ctx, host)
}

func (d *desk) join(ctx context.Context, name, pop string) error {
	if d.fleet.Edges[pop] == nil {
		return fmt.Errorf("no POP %q", pop)
	}
	p, err := d.fleet.Enter(ctx, name, pop, demo)
	if err == nil {
		d.people[name] = p
	}
	return err
}

func (d *desk) leave(name string) error {
	p := d.people[name]
	if p == nil {
		return fmt.Errorf("nobody is called %q", name)
	}
	delete(d.people, name)
	p.Leave()
	return nil
}

// show lists every direction that is not as quiet as it was made.
func (d *desk) show(ctx context.Context) error {
	t := tabwriter.NewWriter(d.out, 0, 0, 2, ' ', 0)
	names := d.fleet.Net.Names()
	for _, a := range names {
		for _, b := range names {
			if a == b {
				continue
			}
			s, err := d.fleet.Net.State(a, b)
			if err != nil {
				return err
			}
			if s.Stats == (path.Stats{}) && !s.Cut && !s.Silent {
				continue
			}
			fmt.Fprintf(t, "%s → %s\t%s\t%v\t%s\n", a, b, state(s), s.Link, counts(s.Stats))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.people)) {
		pop, moves := d.people[name].At()
		fmt.Fprintf(t, "%s\tat %s\tmoved %d times\t%d people\n", name, pop, moves, len(d.people[name].Client().State().People))
	}
	homes, err := d.fleet.Homes(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(t, "rooms have their home at %v\n", homes)
	return t.Flush()
}

func state(s netns.State) string {
	switch {
	case s.Silent:
		return "silent"
	case s.Cut:
		return "cut"
	}
	return ""
}

func counts(s path.Stats) string {
	out := ""
	for fate, n := range s {
		if n > 0 {
			out += fmt.Sprintf("%d %v ", n, path.Fate(fate))
		}
	}
	return out
}
