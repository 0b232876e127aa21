package edge

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/meridian-video/meridian/edge/rtc"
	"github.com/meridian-video/meridian/edge/sfu"
	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/edge/tracks"
	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay"
	"github.com/meridian-video/meridian/relay/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type noSink struct{}

func (noSink) Send(*sfu.Packet, sfu.Batch) {}
func (noSink) SendReport(sfu.Report)       {}

// noLinks never answer.
type noLinks struct{}

func (noLinks) Subscribe(ctx context.Context, _ geo.NodeID, _ wire.Subscribe, _ relay.Receiver) (*relay.Subscription, error) {
	<-ctx.Done()
	return nil, context.Cause(ctx)
}

// stage is slots over a real table: local tracks of this node, others of another.
type stage struct {
	*slots
	t      *testing.T
	table  *tracks.Table
	downs  []rtc.Down
	ups    map[string]*sfu.UpTrack
	live   map[string]geo.NodeID
	path   *testPath
	codecs sfu.CodecSet // of slots made later
	at     time.Duration
	told   [][]*signal.SlotLayer
}

// testPath bears what the test says.
type testPath struct{ bears, wanted int }

func (p *testPath) Bandwidth() (int, bool) { return p.bears, p.bears > 0 }
func (p *testPath) SetWanted(bitrate int)  { p.wanted = bitrate }

func newStage(t *testing.T, video, audio int) *stage {
	s := &stage{t: t, ups: map[string]*sfu.UpTrack{}, live: map[string]geo.NodeID{}}
	s.table = tracks.New(tracks.Config{Self: "fra-1", Now: func() time.Duration { return 0 }, Log: slog.New(slog.DiscardHandler)})
	s.table.Use(noLinks{})
	t.Cleanup(s.table.Close)
	s.path = &testPath{}
	s.slots = &slots{
		tracks: s.table, key: roomKey{"acme", "demo"}, path: s.path, now: func() time.Duration { return s.at },
		division: division{tell: func(v []*signal.SlotLayer) { s.told = append(s.told, v) }},
	}
	s.more(sfu.Video, video)
	s.more(sfu.Audio, audio)
	t.Cleanup(s.slots.close)
	return s
}

func (s *stage) more(kind sfu.Kind, n int) {
	for range n {
		d := sfu.NewDownTrack(sfu.DownConfig{Kind: kind, Sink: noSink{}, Codecs: s.codecs})
		s.t.Cleanup(d.Close)
		s.downs = append(s.downs, rtc.Down{MID: fmt.Sprint(len(s.downs)), Kind: kind, Track: d, Codecs: s.codecs})
	}
	s.grow(s.downs)
}

// publish puts tracks into the room: of this node, or of another.
func (s *stage) publish(node geo.NodeID, ids ...string) {
	for _, id := range ids {
		s.live[id] = node
		if node != "fra-1" {
			continue
		}
		up := sfu.NewUpTrack(sfu.UpConfig{Kind: kindOf(id), Codec: codecOf(id)})
		s.ups[id] = up
		s.t.Cleanup(up.Close)
		s.t.Cleanup(s.table.Publish(tracks.Key{Company: "acme", Room: "demo", Track: id}, up))
	}
}

func (s *stage) look() map[string]geo.NodeID { return s.live }

// shows checks what is assigned, and whether the DownTracks are switched to it.
func (s *stage) shows(switched bool, want ...string) {
	s.t.Helper()
	for i, l := range s.all() {
		up := s.ups[want[i]]
		if !switched {
			up = nil
		}
		if l.track != want[i] || l.down.Track.Source() != up {
			s.t.Errorf("slot %d shows %q, switched %v; want %q, switched %v", i, l.track, l.down.Track.Source() != nil, want[i], up != nil)
		}
	}
}

func list(ids ...string) []*string {
	out := make([]*string, len(ids))
	for i, id := range ids {
		if id != "" {
			out[i] = &id
		}
	}
	return out
}

func TestSlotsSwitchWhenConnected(t *testing.T) {
	s := newStage(t, 2, 1)
	s.publish("fra-1", "a.camera", "a.mic", "b.camera")
	if failed := s.assign(signal.Assignment{Video: list("a.camera"), Audio: list("a.mic")}, s.look); failed != nil {
		t.Errorf("failed: %v", failed)
	}
	s.shows(false, "a.camera", "", "a.mic")
	s.start()
	s.shows(true, "a.camera", "", "a.mic")
	s.assign(signal.Assignment{Video: list("b.camera", "a.camera")}, s.look) // no audio: as it is
	s.shows(true, "b.camera", "a.camera", "a.mic")
	s.more(sfu.Video, 1)
	s.assign(signal.Assignment{Video: list("", "a.camera", "b.camera")}, s.look)
	s.shows(true, "", "a.camera", "b.camera", "a.mic")
	if got := s.mids(); fmt.Sprint(got) != "{[0 1 3] [2]}" {
		t.Errorf("mids %v", got)
	}
}

func TestSlotsSayWhatFailed(t *testing.T) {
	s := newStage(t, 2, 1)
	s.start()
	s.publish("fra-1", "a.camera", "a.mic")
	s.live["gone.camera"] = "fra-1" // in the room, not at this node any more
	failed := s.assign(signal.Assignment{
		Video: list("a.mic", "gone.camera", "a.camera", ""), Audio: list("unknown.mic"),
	}, s.look)
	want := []signal.FailedTrack{
		{Track: "a.mic", Code: signal.NoSuchTrack}, {Track: "gone.camera", Code: signal.NoSuchTrack},
		{Track: "a.camera", Code: signal.NoSuchSlot}, {Track: "unknown.mic", Code: signal.NoSuchTrack},
	}
	if fmt.Sprint(failed) != fmt.Sprint(want) {
		t.Errorf("failed %v, want %v", failed, want)
	}
	s.shows(true, "", "", "")
}

// TestSlotsLeaseWhatTheyShow: a remote track is held once by each slot that
// shows it, and let go by the last.
func TestSlotsLeaseWhatTheyShow(t *testing.T) {
	s := newStage(t, 2, 1)
	s.publish("iad-1", "a.camera", "b.camera")
	remote := func(want int) {
		t.Helper()
		if _, got := s.table.Counts(); got != want {
			t.Errorf("%d remote tracks, want %d", got, want)
		}
	}
	s.assign(signal.Assignment{Video: list("a.camera", "a.camera")}, s.look)
	remote(1)
	s.assign(signal.Assignment{Video: list("b.camera", "a.camera")}, s.look)
	remote(2)
	s.assign(signal.Assignment{Video: list("", "a.camera")}, s.look)
	remote(1)
	s.assign(signal.Assignment{Video: list("", "unknown.camera")}, s.look) // fails: shows nothing
	remote(0)
	s.assign(signal.Assignment{Video: list("a.camera", "b.camera")}, s.look)
	delete(s.live, "a.camera")
	s.keep(s.look)
	remote(1)
	s.close()
	remote(0)
	s.assign(signal.Assignment{Video: list("b.camera")}, s.look)
	s.fill(func() ([]string, map[string]geo.NodeID) { return []string{"b.camera"}, s.live })
	s.start()
	remote(0)
	s.shows(true, "", "", "")
}

func TestSlotsFillWhatIsEmpty(t *testing.T) {
	s := newStage(t, 3, 1)
	s.start()
	s.publish("fra-1", "a.share", "a.camera", "a.mic", "b.camera", "b.mic")
	fill := func(best ...string) {
		s.fill(func() ([]string, map[string]geo.NodeID) { return best, s.live })
	}
	s.assign(signal.Assignment{Video: list("", "b.camera")}, s.look)
	fill("a.share", "a.mic", "gone.camera", "b.camera", "b.mic", "a.camera")
	s.shows(true, "a.share", "b.camera", "a.camera", "a.mic")
	delete(s.live, "b.camera")
	delete(s.live, "a.mic")
	fill("a.share", "a.camera", "b.mic") // empties, too
	s.shows(true, "a.share", "", "a.camera", "b.mic")
}

// TestSlotsNeverKeepWhatIsGone: a track that leaves the room while it is being
// chosen is out of its slot in the end.
func TestSlotsNeverKeepWhatIsGone(t *testing.T) {
	s := newStage(t, 1, 0)
	s.publish("iad-1", "a.camera")
	var wg sync.WaitGroup
	s.assign(signal.Assignment{Video: list("a.camera")}, func() map[string]geo.NodeID {
		wg.Go(func() { s.keep(func() map[string]geo.NodeID { return nil }) }) // the room's owner
		return s.live
	})
	wg.Wait()
	s.shows(false, "")
}

// TestAssignedIsACopy: what is written to a client does not change under the
// writer (race detector).
func TestAssignedIsACopy(t *testing.T) {
	s := newStage(t, 1, 0)
	s.publish("fra-1", "a.camera", "b.camera")
	s.assign(signal.Assignment{Video: list("a.camera")}, s.look)
	told := s.assigned()
	var wg sync.WaitGroup
	wg.Go(func() { s.assign(signal.Assignment{Video: list("b.camera")}, s.look) })
	b, err := json.Marshal(told)
	wg.Wait()
	if err != nil || string(b) != `{"video":["a.camera"],"audio":[]}` {
		t.Errorf("told %s, %v", b, err)
	}
}
