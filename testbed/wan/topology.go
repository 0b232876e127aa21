//go:build linux

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/meridian-video/meridian/testbed/wan/fleet"
	"github.com/meridian-video/meridian/testbed/wan/path"
	"github.com/meridian-video/meridian/testbed/wan/script"
)

// readTopology reads lines of the script language. POPs come before their links;
// a later line wins. POPs without a link of their own have the one of "links".
func readTopology(file string, r io.Reader) (fleet.Topology, error) {
	t := fleet.Topology{Links: map[fleet.Pair]path.Link{}, Access: fleet.World().Access}
	var errs []error
	lines := bufio.NewScanner(r)
	for number := 1; lines.Scan(); number++ {
		l, err := script.Parse(lines.Text(), script.Topology)
		if err == nil {
			err = place(&t, l)
		}
		if err != nil && !errors.Is(err, script.ErrEmpty) {
			errs = append(errs, fmt.Errorf("%s:%d: %w", file, number, err))
		}
	}
	if err := errors.Join(append(errs, lines.Err())...); err != nil {
		return t, err
	}
	if err := t.Validate(); err != nil {
		return t, fmt.Errorf("%s: %w", file, err)
	}
	return t, nil
}

// place adds what a line says.
func place(t *fleet.Topology, l script.Line) (err error) {
	switch l.Verb {
	case script.POP:
		for _, pop := range t.POPs {
			t.Links[fleet.Between(pop, l.Names[0])] = path.Link{}
		}
		t.POPs = append(t.POPs, l.Names[0])
	case script.Access:
		t.Access, err = t.Access.With(l.Words...)
	case script.Link:
		for _, pop := range l.Names {
			if !slices.Contains(t.POPs, pop) {
				return fmt.Errorf("no POP %q above", pop)
			}
		}
		pair := fleet.Between(l.Names[0], l.Names[1])
		t.Links[pair], err = t.Links[pair].With(l.Words...)
	case script.Links:
		for pair := range t.Links {
			if t.Links[pair], err = t.Links[pair].With(l.Words...); err != nil {
				return err
			}
		}
	}
	return err
}
