//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/meridian-video/meridian/testbed/wan/fleet"
	"github.com/meridian-video/meridian/testbed/wan/script"
)

// runCommand runs a network until its input ends.
type runCommand struct {
	Topology string `placeholder:"FILE" help:"Lines that say which POPs and links there are; three POPs otherwise."`
	Dir      string `placeholder:"DIR" help:"Where nodes keep data, configurations and logs (a temporary one)."`
	Meridian string `placeholder:"BIN" help:"A binary to run instead of one built now."`
	Seed     uint64 `default:"1" help:"Of losses and jitter (1)."`
}

// Help is what --help says besides flags.
func (*runCommand) Help() string {
	return "A topology, a line each:\n" + script.Usage(script.Topology) + "On the standard input:\n" + script.Usage(script.Running)
}

func (o *runCommand) Run(ctx context.Context) error {
	topology, err := o.topology()
	if err != nil {
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	f, end, err := begin(ctx, fleet.Options{Topology: topology, Dir: o.Dir, Binary: o.Meridian, Seed: o.Seed, Here: true})
	if err != nil {
		return err
	}
	defer end()
	d := &desk{fleet: f, out: os.Stdout, people: map[string]*fleet.Person{}}
	d.greet()
	return d.read(ctx, os.Stdin)
}

func (o *runCommand) topology() (fleet.Topology, error) {
	if o.Topology == "" {
		return fleet.World(), nil
	}
	file, err := os.Open(o.Topology)
	if err != nil {
		return fleet.Topology{}, err
	}
	defer file.Close()
	return readTopology(o.Topology, file)
}

// begin starts a network, in a temporary directory where none is named; end ends
// it and removes that.
func begin(ctx context.Context, o fleet.Options) (_ *fleet.Fleet, end func(), err error) {
	remove := func() {}
	if o.Dir == "" {
		if o.Dir, err = os.MkdirTemp("", "wan-"); err != nil {
			return nil, nil, err
		}
		remove = func() { _ = os.RemoveAll(o.Dir) }
	} else if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errRefused, err)
	}
	f, err := fleet.Start(ctx, o)
	if err != nil {
		remove()
		return nil, nil, err
	}
	return f, func() { f.Close(); remove() }, nil
}

// read does what lines say until they end or ask for the end. A wrong line is
// told and changes nothing.
func (d *desk) read(ctx context.Context, in io.Reader) error {
	lines, ended := make(chan string), make(chan error, 1)
	go func() { // ends with the process: a terminal cannot be made to return
		s := bufio.NewScanner(in)
		for s.Scan() {
			select {
			case lines <- s.Text():
			case <-ctx.Done():
				return
			}
		}
		ended <- s.Err()
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-ended:
			return err
		case text := <-lines:
			l, err := script.Parse(text, script.Running)
			if errors.Is(err, script.ErrEmpty) {
				continue
			}
			if l.Verb == script.Quit && err == nil {
				return nil
			}
			if err == nil {
				err = d.do(ctx, l)
			}
			if err != nil {
				fmt.Fprintf(d.out, "refused: %v\n", err)
			}
		}
	}
}
