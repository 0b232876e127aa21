package scenario

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
	"github.com/meridian-video/meridian/testbed/simnet"
)

// lately is the latest that a client was told of how its media travels.
func lately(c *client.Client) signal.Quality {
	if told := c.State().Quality; len(told) > 0 {
		return told[len(told)-1]
	}
	return signal.Quality{}
}

// TestLossyUplinkIsBlamed: somebody's way to the node loses 8 % for a while. That
// one is told so, all others stay good in both directions, and after it is over
// everybody is good.
// Covers F-079.
func TestLossyUplinkIsBlamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoom(t, 23)
		steady := client.Video{FPS: 15, PacketsPerFrame: 3, PayloadSize: 900}
		for _, pop := range []string{"fra", "iad"} {
			for _, name := range []string{"Ann", "Bob"} {
				c := r.Join(pop, pop, client.Options{Room: "hall", Name: name, Media: both, Video: 3, Audio: 3})
				r.people[pop+" "+name] = c
				r.Send(c, steady)
				r.watch(c)
			}
		}
		good := func(except string) error {
			for who, c := range r.people {
				q := lately(c)
				for _, s := range []signal.Score{q.Up, q.Down} {
					if who != except && (s.Score < 4 || s.Cause != signal.CauseNone) {
						return fmt.Errorf("%s was told %+v", who, q)
					}
				}
			}
			return nil
		}
		time.Sleep(10 * time.Second)
		r.Wait("everybody is good", func() error { return good("") })
		told := map[string]int{}
		for who, c := range r.people {
			told[who] = len(c.State().Quality)
		}

		const lossy, ip = "fra Ann", "10.0.1.11" // the first to come there
		link := simnet.Link{Delay: access}
		worse := link
		worse.Loss = 0.08
		r.SetOneWay(ip, r.edgeIP("fra"), worse)
		took := r.Wait("the lossy one is told", func() error {
			if q := lately(r.people[lossy]); q.Up.Score >= 4 || q.Up.Cause != signal.CauseUplinkLoss {
				return fmt.Errorf("told %+v", q)
			}
			return nil
		})
		t.Logf("told after %v: %+v", took, lately(r.people[lossy]))
		if took > 7*time.Second {
			t.Errorf("told only after %v", took)
		}
		time.Sleep(20 * time.Second)
		if q := lately(r.people[lossy]); q.Up.Cause != signal.CauseUplinkLoss || q.Down.Cause != signal.CauseNone {
			t.Errorf("the lossy one is told %+v", q)
		}
		if err := good(lossy); err != nil {
			t.Error(err)
		}
		r.SetOneWay(ip, r.edgeIP("fra"), link)
		t.Logf("good after %v", r.Wait("everybody is good again", func() error { return good("") }))
		for who, c := range r.people {
			n := len(c.State().Quality) - told[who]
			t.Logf("%s was told %d times", who, n)
			if most := 15; n > most || who != lossy && n > 2 {
				t.Errorf("%s was told %d times: %+v", who, n, c.State().Quality)
			}
		}
		if causes := r.causes("fra"); !slices.Contains(causes, "up uplink_loss") {
			t.Errorf("the metrics know %q", causes)
		}
	})
}

// causes lists what the metrics of a POP say of why directions were not good.
func (r *room) causes(pop string) (out []string) {
	families, err := r.Edges[pop].Registry.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if f.GetName() == "meridian_edge_quality_causes_total" && m.GetCounter().GetValue() > 0 {
				out = append(out, labels["direction"]+" "+labels["cause"])
			}
		}
	}
	return out
}
