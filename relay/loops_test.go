package relay

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/geo"
)

var seeds = flag.Int("seeds", 3, "random schedules of TestAdversarialRoutesMakeNoLoops")

// TestAdversarialRoutesMakeNoLoops lets every node prefer any others as parents, changes
// that again and again while links are cut one way and both ways, and looks at what
// comes: no packet passes a node twice, no path is longer than the limit, and when the
// network is quiet everybody has a path that is the path of its parent too.
func TestAdversarialRoutesMakeNoLoops(t *testing.T) {
	for seed := range uint64(*seeds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { adversity(t, rand.New(rand.NewPCG(7, seed))) })
		})
	}
}

func adversity(t *testing.T, r *rand.Rand) {
	ids := []geo.NodeID{"ams", "bog", "cpt", "dub", "eze", "fra"}
	w := newWorld(t, 15*time.Millisecond, ids...)
	defer w.close()
	shuffle := func(id geo.NodeID) {
		parents := slices.Clone(ids)
		r.Shuffle(len(parents), func(i, j int) { parents[i], parents[j] = parents[j], parents[i] })
		w.by(id, parents[:r.IntN(len(parents))]...)
	}
	w.meet()
	defer w.film("ams")()
	watchers := map[geo.NodeID]*watcher{}
	subs := map[geo.NodeID]*Subscription{}
	claim := func(id geo.NodeID) {
		if v := watchers[id]; v != nil {
			if _, _, closed := v.counts(); closed == 0 {
				return
			}
			subs[id].Close()
			delete(watchers, id)
		}
		v := &watcher{last: time.Now()}
		sub, err := w.nodes[id].Subscribe(t.Context(), "ams", track("cam"), v)
		if err == nil {
			subs[id], watchers[id] = sub, v
		}
	}
	for range 40 {
		id := ids[1+r.IntN(len(ids)-1)]
		shuffle(id)
		w.nodes[id].Reroute()
		switch a, b := ids[r.IntN(len(ids))], ids[r.IntN(len(ids))]; {
		case a == b:
		case r.IntN(2) == 0:
			w.heal(a, b)
		case r.IntN(2) == 0:
			w.oneWay(a, b)
		default:
			w.cut(a, b)
		}
		claim(id)
		for _, id := range ids {
			if path := w.path(id); len(path) > MaxHops || slices.Contains(path, id) {
				t.Errorf("%s goes by %q", id, path)
			}
		}
		time.Sleep(time.Duration(r.IntN(1500)) * time.Millisecond)
	}
	for _, a := range ids {
		for _, b := range ids {
			if a != b {
				w.heal(a, b)
			}
		}
	}
	healed := time.Now()
	for time.Since(healed) < time.Minute {
		for _, id := range ids[1:] {
			claim(id)
		}
		if len(watchers) == len(ids)-1 && w.settled(ids[1:]) == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err := w.settled(ids[1:]); err != nil {
		t.Errorf("a minute after healing: %v", err)
	}
	t.Logf("settled %v after healing", time.Since(healed))
	before := map[geo.NodeID]int{}
	for id, v := range watchers {
		before[id], _, _ = v.counts()
	}
	time.Sleep(time.Second)
	for id, v := range watchers {
		if packets, twice, _ := v.counts(); twice != 0 || packets < before[id]+50 {
			t.Errorf("%s: %d packets came twice, %d in a second of quiet", id, twice, packets-before[id])
		}
	}
}
