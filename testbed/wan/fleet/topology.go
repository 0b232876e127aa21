//go:build linux

package fleet

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/meridian-video/meridian/testbed/wan/path"
)

// Topology says where POPs are. Control stands beside the first.
type Topology struct {
	POPs   []string
	Links  map[Pair]path.Link // each way
	Access path.Link          // between people and the POP they are near, each way
}

// Pair is two POPs, in the order of the alphabet.
type Pair [2]string

// Between makes a pair.
func Between(a, b string) Pair { return Pair{min(a, b), max(a, b)} }

// local is the link between machines of one POP.
var local = path.Link{Delay: time.Millisecond / 2}

// World is three POPs as far apart as Frankfurt, Washington and Sydney.
func World() Topology {
	return Topology{
		POPs: []string{"fra", "iad", "syd"},
		Links: map[Pair]path.Link{
			Between("fra", "iad"): {Delay: 45 * time.Millisecond, Jitter: time.Millisecond},
			Between("iad", "syd"): {Delay: 85 * time.Millisecond, Jitter: time.Millisecond},
			Between("fra", "syd"): {Delay: 140 * time.Millisecond, Jitter: time.Millisecond},
		},
		Access: path.Link{Delay: 10 * time.Millisecond, Jitter: 2 * time.Millisecond},
	}
}

// FourPOPs is World with one more, as near Frankfurt as London, so that there is
// more than one way around.
func FourPOPs() Topology {
	t := World()
	t.POPs = append(t.POPs, "lhr")
	t.Links[Between("lhr", "fra")] = path.Link{Delay: 8 * time.Millisecond, Jitter: time.Millisecond}
	t.Links[Between("lhr", "iad")] = path.Link{Delay: 38 * time.Millisecond, Jitter: time.Millisecond}
	t.Links[Between("lhr", "syd")] = path.Link{Delay: 138 * time.Millisecond, Jitter: time.Millisecond}
	return t
}

// Link is the link between two POPs.
func (t Topology) Link(a, b string) path.Link {
	if a == b {
		return local
	}
	return t.Links[Between(a, b)]
}

// nearest are the POPs as somebody near one of them finds them.
func (t Topology) nearest(pop string) []string {
	return slices.SortedStableFunc(slices.Values(t.POPs), func(a, b string) int {
		return int(t.distance(pop, a) - t.distance(pop, b))
	})
}

func (t Topology) distance(a, b string) time.Duration {
	if a == b {
		return 0
	}
	return t.Link(a, b).Delay
}

// name of a POP, which is a part of a node's id and a file's name.
var name = regexp.MustCompile(`^[a-z][a-z0-9]{0,15}$`)

// reserved names are those of other hosts.
var reserved = []string{controlName, Here}

// maxPOPs leaves addresses for people.
const maxPOPs = 100

// Validate says everything that is wrong with a topology.
func (t Topology) Validate() error {
	var errs []error
	if len(t.POPs) == 0 || len(t.POPs) > maxPOPs {
		errs = append(errs, fmt.Errorf("%d POPs are not 1 to %d", len(t.POPs), maxPOPs))
	}
	for i, pop := range t.POPs {
		if !name.MatchString(pop) || slices.Contains(reserved, pop) {
			errs = append(errs, fmt.Errorf("POP %q: a name is a letter and up to 15 letters and digits, all small, and not %v", pop, reserved))
		}
		if slices.Contains(t.POPs[:i], pop) {
			errs = append(errs, fmt.Errorf("POP %q is there twice", pop))
		}
	}
	for _, pair := range slices.SortedFunc(maps.Keys(t.Links), func(a, b Pair) int { return slices.Compare(a[:], b[:]) }) {
		for _, pop := range pair {
			if !slices.Contains(t.POPs, pop) {
				errs = append(errs, fmt.Errorf("link %s %s: no POP %q", pair[0], pair[1], pop))
			}
		}
		errs = append(errs, t.Links[pair].Validate())
	}
	return errors.Join(append(errs, t.Access.Validate())...)
}
