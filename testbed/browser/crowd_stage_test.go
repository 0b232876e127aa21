package browser

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
	"github.com/meridian-video/meridian/testbed/cluster"
)

const (
	filmFrames = 60 // a keyframe every two seconds
	filmRate   = 30
	actorName  = "Actor"
)

// shoot films a browser's camera in its lowest encoding.
func shoot(t testing.TB, c *cluster.Cluster) *client.Film {
	t.Helper()
	actor := New(t, "actor", Options{Width: 480, Height: 270})
	actor.enterCall(c.Edges["fra"].URL+"/m/studio", actorName)
	var film client.Film
	var once sync.Once
	done := make(chan struct{})
	ctx, cancel := context.WithTimeout(t.Context(), 3*startTimeout)
	defer cancel()
	camera, err := client.Join(ctx, client.Options{
		WS: wsOf(c, "fra"), Room: "studio", Name: "Camera", Video: 1, Audio: 1,
		Pictures: func(p *rtp.Packet) {
			if film.Take(p, filmFrames) {
				once.Do(func() { close(done) })
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer camera.Close()
	if err := watch(ctx, camera, actorName); err != nil {
		t.Fatal(err)
	}
	select {
	case <-done:
	case <-ctx.Done():
		t.Fatal("no film in time")
	}
	actor.drive.close()
	return &film
}

// watch shows the one slot somebody's camera, small, once it is there: whoever
// comes while it is still announced is assigned nothing.
func watch(ctx context.Context, c *client.Client, name string) error {
	var camera string
	err := c.Until(ctx, "a camera", func(s client.State) bool {
		for _, p := range s.People {
			if p.Name == name {
				camera = p.Tracks["camera"]
			}
		}
		return camera != ""
	})
	return errors.Join(err,
		c.Subscribe([]string{camera}, nil),
		c.SetViews(signal.View{Width: 320, Height: 180, Priority: "other", Visible: true}))
}

func wsOf(c *cluster.Cluster, pop string) string {
	return "ws" + strings.TrimPrefix(c.Edges[pop].URL, "http") + "/ws"
}

// enterCall joins, its own camera off: others' pictures are what is looked at.
func (p *Page) enterCall(url, name string) {
	p.t.Helper()
	p.Open(url)
	p.Type("#name", name+"\r")
	p.isIn()
}

// fill has n participants at all POPs in turn, who all play the film.
func fill(t testing.TB, c *cluster.Cluster, film *client.Film, n int, pops ...string) {
	t.Helper()
	for i := range n {
		ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
		p, err := client.Join(ctx, client.Options{
			WS: wsOf(c, pops[i%len(pops)]), Room: "crowd", Name: fmt.Sprintf("Guest %d", i+1), Video: 1, Audio: 1,
			Media: signal.Media{Camera: true},
		})
		cancel()
		if err != nil {
			t.Fatalf("guest %d: %v", i+1, err)
		}
		t.Cleanup(p.Close)
		go p.Play(t.Context(), film, filmRate)
	}
}

// moved is how many pictures of others have gone on since before, and how far.
func (s State) moved(before State) (tiles int, frames float64) {
	was := map[string]float64{}
	for _, v := range before.Tiles {
		was[v.Key] = v.Frames
	}
	for _, v := range s.Tiles {
		if old, ok := was[v.Key]; ok && strings.HasPrefix(v.Key, "person:") && v.Frames > old {
			tiles++
			frames += v.Frames - old
		}
	}
	return tiles, frames
}

// tilesAt is how many pictures a step of the page's effort lets it show; 0: all.
var tilesAt = []int{0, 0, 16, 9, 4}

// TestSlotsGrowWithTheCrowd has sixteen guests whom one page sees: more than the
// nine slots that its first offer had. All of them move, or so many as the step
// says that the page has taken.
func TestSlotsGrowWithTheCrowd(t *testing.T) {
	c := cluster.Start(t, "fra", "iad")
	film := shoot(t, c)
	fill(t, c, film, 16, "fra", "iad")
	viewer := New(t, "viewer", Options{})
	viewer.enterCall(c.Edges["fra"].URL+"/m/crowd", "Viewer")
	wide := viewer.Until(startTimeout, "has more slots", func(s State) error {
		if len(s.Slots.Video) < 16 {
			return fmt.Errorf("%d slots, %d people", len(s.Slots.Video), len(s.People))
		}
		return nil
	})
	if wide.Attachments != 1 || wide.Negotiations != 2 {
		t.Errorf("%d attachments, %d exchanges", wide.Attachments, wide.Negotiations)
	}
	before := wide
	viewer.Until(2*startTimeout, "sees as many as it may", func(s State) error {
		tiles, _ := s.moved(before)
		want := 16
		if most := tilesAt[s.Effort.Level]; most > 0 {
			want = min(want, most-1) // the number of the others takes a place
		}
		before = s
		if tiles < want {
			return fmt.Errorf("%d of %d move, level %d", tiles, want, s.Effort.Level)
		}
		t.Logf("%d tiles move, level %d", tiles, s.Effort.Level)
		return nil
	})
	viewer.Shot("sixteen")
}

// BenchmarkTwentyFiveOfFifty measures what a page draws and decodes that shows
// twenty-five of fifty participants at three POPs:
// go test ./testbed/browser -run xxx -bench TwentyFive -benchtime 1x
func BenchmarkTwentyFiveOfFifty(b *testing.B) {
	c := cluster.Start(b, "fra", "iad", "syd")
	film := shoot(b, c)
	fill(b, c, film, 49, "fra", "iad", "syd")
	viewer := New(b, "viewer", Options{Width: 1600, Height: 900})
	viewer.enterCall(c.Edges["fra"].URL+"/m/crowd", "Viewer")
	for b.Loop() {
		before, err := viewer.State()
		began := time.Now()
		for range 12 {
			drawn, evalErr := Eval[float64](viewer, drawnIn(5*time.Second))
			s, stateErr := viewer.State()
			if err != nil || evalErr != nil || stateErr != nil {
				b.Fatal(err, evalErr, stateErr)
			}
			tiles, frames := s.moved(before)
			seconds := time.Since(began).Seconds()
			b.Logf("level %d: %.0f frames/s drawn, %d tiles move, %.1f decoded frames/s each, %d slots", s.Effort.Level, drawn, tiles, frames/seconds/float64(max(1, tiles)), len(s.Slots.Video))
			b.ReportMetric(drawn, "drawn/s")
			b.ReportMetric(float64(tiles), "tiles")
			b.ReportMetric(float64(s.Effort.Level), "level")
			before, began = s, time.Now()
		}
	}
	viewer.Shot("twenty-five")
}

// drawnIn is an expression for the frames a second that the page draws in a time.
func drawnIn(d time.Duration) string {
	return fmt.Sprintf(`new Promise((done) => {
	  const began = performance.now();
	  let n = 0;
	  const count = () => (n++, performance.now() - began < %d ? requestAnimationFrame(count) : done((n * 1000) / (performance.now() - began)));
	  requestAnimationFrame(count);
	})`, d.Milliseconds())
}
