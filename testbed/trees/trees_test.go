package main

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/meridian-video/meridian/relay/tree"
)

// small is a world that is measured in a second.
var small = options{Sites: 60, Rooms: 50, People: 3000, Seed: 3}

// measured is that world, for all tests that only look.
var measured = sync.OnceValue(func() *result { return newWorld(small).measure() })

func TestWorldIsServedWithinBounds(t *testing.T) {
	r := measured()
	w := r.world
	for _, p := range w.trees {
		for _, id := range p.room.nodes {
			if path := p.tree.Path(id); path == nil || len(path)-1 > tree.MaxHops {
				t.Fatalf("%s of %s: way %v", id, p.room.key, path)
			}
		}
	}
	for _, k := range []kind{r.calls, r.webinars} {
		if k.trees == 0 || k.copies == 0 {
			t.Errorf("no %s", k.name)
		}
		if k.far > k.farStar || k.km > k.kmStar*1.05 {
			t.Errorf("%s: %d copies between regions, %.0f km; from the origin alone %d, %.0f", k.name, k.far, k.km, k.farStar, k.kmStar)
		}
		if k.served > tree.DefaultFanOut {
			t.Errorf("%s: a node serves %d", k.name, k.served)
		}
		if p99 := k.added.quantile(0.99); p99 > 40*time.Millisecond {
			t.Errorf("%s: longer than direct by %v for 1 %%", k.name, p99)
		}
	}
	if w := r.webinars; 5*w.far > 3*w.farStar {
		t.Errorf("webinars save little: %d copies between regions of %d", w.far, w.farStar)
	}
}

func TestLossesAreBypassedAndMoveFew(t *testing.T) {
	r := measured()
	for _, d := range r.deaths {
		if d.gap.max > time.Second+noticed {
			t.Errorf("%s dies: a gap of %v", d.site, d.gap.max)
		}
		if 20*d.moved > d.edges {
			t.Errorf("%s dies: %d of %d move without need", d.site, d.moved, d.edges)
		}
	}
	if r.cuts.tried == 0 || r.cuts.alone > r.cuts.tried/20 || r.cuts.gap.max > time.Second+noticed {
		t.Errorf("cuts: %d of %d without a way, gap %v", r.cuts.alone, r.cuts.tried, r.cuts.gap.max)
	}
	if c := r.changes; c.joins == 0 || c.movedByJoin > c.joins || c.movedByLeave > c.leaves {
		t.Errorf("changes: %+v", c)
	}
}

func TestBlurredViewsLeaveNobodyUnserved(t *testing.T) {
	v := measured().views
	if v.nodes == 0 || v.unserved > 0 || v.asked > 3*v.nodes {
		t.Errorf("%+v", v)
	}
}

// Times of planning apart, a seed gives the same report and the same pictures.
func TestReportIsTheSameForASeed(t *testing.T) {
	planning := regexp.MustCompile(`(?m)^planning.*$|[0-9.]+(ms|µs|s)\b`)
	report := func(r *result) (string, string) {
		var b strings.Builder
		r.print(&b)
		return planning.ReplaceAllString(strings.Join(strings.Fields(b.String()), " "), ""), drawMap(r.world) + drawPlots(r)
	}
	text, drawn := report(measured())
	again, redrawn := report(newWorld(small).measure())
	if text != again {
		t.Errorf("got\n%s\nthen\n%s", text, again)
	}
	if drawn != redrawn {
		t.Error("the pictures differ")
	}
}

func TestPicturesAreWellFormed(t *testing.T) {
	r := measured()
	for name, text := range map[string]string{"map": drawMap(r.world), "plots": drawPlots(r)} {
		if strings.Contains(text, "NaN") || len(text) < 3000 || len(text) > 150_000 {
			t.Errorf("%s: %d bytes, or no number", name, len(text))
		}
		for d := xml.NewDecoder(strings.NewReader(text)); ; {
			_, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
}

func TestHistogram(t *testing.T) {
	var a, b histogram
	for i := range 100 {
		a.add(time.Duration(i)*time.Millisecond, 1)
	}
	b.add(-5*time.Millisecond, 100)
	if got := a.quantile(0.5); got != 50*time.Millisecond {
		t.Errorf("median %v", got)
	}
	a.merge(&b)
	if a.n != 200 || a.min != -5*time.Millisecond || a.max != 99*time.Millisecond || a.below(0) != 0.505 {
		t.Errorf("%+v, %v not above 0", a, a.below(0))
	}
	if got := (&histogram{}).quantile(0.5); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
}
