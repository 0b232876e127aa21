//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/meridian-video/meridian/testbed/bench/light"
)

// options are the flags of sfu.
type options struct {
	Server    []string      `default:"meridian" placeholder:"NAME" help:"Servers to measure, on PATH: meridian (built from here), janus, mediamtx."`
	Scenario  []string      `default:"idle,viewers,meeting,joins,storm,lossy" placeholder:"NAME" help:"idle, viewers, meeting, joins, storm, webinar, lossy, hostile; or all (the default is all but webinar and hostile)."`
	Viewers   []int         `default:"50,100,200" placeholder:"N" help:"Audiences of one publisher (50,100,200)."`
	Parties   int           `default:"10" placeholder:"N" help:"People in the meeting (10)."`
	Speakers  int           `default:"20" placeholder:"N" help:"Speakers of the webinar (20)."`
	Joins     int           `default:"20" placeholder:"N" help:"Joins one after another (20)."`
	Storm     int           `default:"50" placeholder:"N" help:"Joins at once (50)."`
	Duration  time.Duration `default:"6s" placeholder:"D" help:"Length of one measurement (6s)."`
	Simulcast bool          `help:"Publish three encodings where the server takes them."`
	Sockets   int           `default:"2" placeholder:"N" help:"Sockets that all viewers share (2)."`
	Readers   int           `placeholder:"N" help:"Sockets of Meridian's media port (as it chooses)."`
	JSON      string        `placeholder:"FILE" help:"Write the results as JSON too."`
	Meridian  string        `placeholder:"FILE" help:"Meridian's binary, else it is built from here."`
}

type sfuCommand struct{ options }

// Help says what is measured.
func (*sfuCommand) Help() string {
	return `A publisher sends 180 video packets of 1,150 bytes in 30 frames and 50 audio packets a second. Viewers send transport-wide feedback, receiver reports and NACKs as browsers do. All SRTP is AES-128-GCM, all traffic stays on this machine, and the generator shares its processors with the server: read ratios of one run, not figures of two.

Scenarios: idle; viewers of one publisher; a meeting over Meridian's own signalling; joins one after another and all at once; a webinar of 20 speakers with viewers until the machine is full; one viewer behind a lossy link; one that floods, is mute or does not read (two minutes).`
}

// scenarios in the order in which they run.
var scenarios = []struct {
	name string
	run  func(*run, context.Context) ([]Result, error)
}{
	{"idle", (*run).idle},
	{"viewers", (*run).viewers},
	{"meeting", (*run).meeting},
	{"joins", (*run).joins},
	{"storm", (*run).storm},
	{"webinar", (*run).webinar},
	{"lossy", (*run).lossy},
	{"hostile", (*run).hostile},
}

// Validate says all that is wrong with the flags; kong calls it.
func (o *options) Validate() error {
	var errs []error
	known := []string{"all"}
	for _, s := range scenarios {
		known = append(known, s.name)
	}
	for _, s := range o.Scenario {
		if !slices.Contains(known, s) {
			errs = append(errs, fmt.Errorf("--scenario %s: there are %s", s, strings.Join(known, ", ")))
		}
	}
	for _, s := range o.Server {
		if why, known := others[s]; known {
			errs = append(errs, fmt.Errorf("--server %s: %s", s, why))
		} else if start[s] == nil {
			errs = append(errs, fmt.Errorf("--server %s: there are %s", s, strings.Join(slices.Sorted(maps.Keys(start)), ", ")))
		}
	}
	for _, n := range append(slices.Clone(o.Viewers), o.Storm, o.Joins, o.Speakers) {
		if n < 1 || n > 1000 {
			errs = append(errs, fmt.Errorf("%d: counts are 1 to 1000", n))
		}
	}
	if o.Parties < 2 || o.Parties > 10 {
		errs = append(errs, fmt.Errorf("--parties %d: must be 2 to 10, as many as there are slots for", o.Parties))
	}
	if o.Duration < time.Second || o.Duration > 10*time.Minute {
		errs = append(errs, fmt.Errorf("--duration %v: must be 1s to 10m", o.Duration))
	}
	if o.Sockets < 1 || o.Sockets > 64 {
		errs = append(errs, fmt.Errorf("--sockets %d: must be 1 to 64", o.Sockets))
	}
	return errors.Join(errs...)
}

// Run measures all scenarios on all servers and prints the results.
func (c *sfuCommand) Run(ctx context.Context) error {
	report := newReport()
	before, err := c.floor(ctx)
	if err != nil {
		return err
	}
	for _, name := range c.Server {
		for _, s := range scenarios {
			if !slices.Contains(c.Scenario, s.name) && !slices.Contains(c.Scenario, "all") {
				continue
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			results, err := c.measure(ctx, name, s.run)
			if err != nil {
				results = append(results, Result{Failed: err.Error()})
			}
			for _, r := range results {
				r.Server, r.Scenario = name, s.name
				report.Results = append(report.Results, r)
			}
		}
	}
	after, err := c.floor(ctx)
	if err != nil {
		return err
	}
	report.Floor = before.mean(after)
	report.fillRatios()
	if err := report.writeTable(os.Stdout); err != nil {
		return err
	}
	return c.save(report)
}

// floorDestinations is the audience that the figures to reach speak of.
const floorDestinations = 100

func (c *sfuCommand) floor(ctx context.Context) (Floor, error) {
	n, err := light.Open(c.Sockets)
	if err != nil {
		return Floor{}, err
	}
	defer n.Close()
	progress("floor: %d destinations", floorDestinations)
	return measureFloor(ctx, n, floorDestinations, c.Duration)
}

// measure runs one scenario on a fresh server.
func (c *sfuCommand) measure(ctx context.Context, name string, scenario func(*run, context.Context) ([]Result, error)) ([]Result, error) {
	s, err := start[name](ctx, c.options)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	defer s.stop()
	n, err := c.clientsOf(s)
	if err != nil {
		return nil, err
	}
	defer n.Close()
	r := &run{options: c.options, name: name, network: n, server: s}
	defer r.close()
	return scenario(r, ctx)
}

// clientsOf opens what the clients of a server share.
func (c *sfuCommand) clientsOf(s server) (*light.Network, error) {
	if e, ok := s.(elsewhere); ok {
		return light.OpenAt(e.from())
	}
	return light.Open(c.Sockets)
}

func (c *sfuCommand) save(r Report) error {
	if c.JSON == "" {
		return nil
	}
	b, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(c.JSON, append(b, '\n'), 0o644)
}

// progress says on standard error what is being done.
func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }
