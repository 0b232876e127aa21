package relay

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/qlog"
	"github.com/quic-go/quic-go/qlogwriter"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay/wire"
)

// The load of the measurement: video tracks of 500 kbit/s in 30 frames a second with a
// keyframe of ten frames' size every three seconds, and audio tracks of 50 packets a
// second.
const (
	videoTracks, audioTracks = 8, 8
	loadTime                 = 20 * time.Second
	warmUp                   = 4 * time.Second
)

// load calls send with the packets of the measurement in simulated time. id numbers the
// packets of a track; flush follows each run.
func load(send func(track int, audio bool, p *wire.Media), flush func(track int)) {
	begin := time.Now()
	var wg sync.WaitGroup
	for track := range videoTracks {
		wg.Go(func() {
			time.Sleep(time.Duration(track) * 4 * time.Millisecond)
			sequence := uint16(0)
			for frame := 0; time.Since(begin) < warmUp+loadTime; frame++ {
				size := 1800
				if (frame+11*track)%90 == 0 {
					size = 18000
				}
				for ; size > 0; size -= 1150 {
					send(track, false, &wire.Media{SequenceNumber: sequence, Marker: size <= 1150, Payload: stamped(min(size, 1150))})
					sequence++
				}
				flush(track)
				time.Sleep(33 * time.Millisecond)
			}
		})
	}
	for track := range audioTracks {
		wg.Go(func() {
			time.Sleep(time.Duration(track) * 2 * time.Millisecond)
			for sequence := uint16(0); time.Since(begin) < warmUp+loadTime; sequence++ {
				send(videoTracks+track, true, &wire.Media{SequenceNumber: sequence, AudioLevel: 30, Payload: stamped(100)})
				flush(videoTracks + track)
				time.Sleep(20 * time.Millisecond)
			}
		})
	}
	wg.Wait()
	time.Sleep(2 * time.Second)
}

var bubbleStart time.Time

func stamped(size int) []byte {
	b := make([]byte, max(size, 8))
	binary.BigEndian.PutUint64(b, uint64(time.Since(bubbleStart)))
	return b
}

type packetID struct {
	track    int
	sequence uint16
}

// ledger keeps when packets were sent and how late they came.
type ledger struct {
	delay time.Duration
	mu    sync.Mutex
	sent  map[packetID]bool // true: counted
	late  map[packetID]time.Duration
	lost  map[streamKey][]qlog.StreamFrame
	held  map[packetID]place
}

// place is where a packet was in a bundle.
type place struct {
	stream   streamKey
	from, to int64
}

type streamKey struct {
	trace *lossTrace
	id    quic.StreamID
}

func newLedger(delay time.Duration) *ledger {
	bubbleStart = time.Now()
	return &ledger{delay: delay, sent: map[packetID]bool{}, late: map[packetID]time.Duration{},
		lost: map[streamKey][]qlog.StreamFrame{}, held: map[packetID]place{}}
}

func (l *ledger) out(track int, sequence uint16) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent[packetID{track, sequence}] = time.Since(bubbleStart) > warmUp
}

func (l *ledger) in(track int, p *wire.Media) {
	sent := time.Duration(binary.BigEndian.Uint64(p.Payload))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.late[packetID{track, p.SequenceNumber}] = time.Since(bubbleStart) - sent - l.delay
}

// lossTrace is a QUIC event trace that notes which parts of streams were lost.
type lossTrace struct {
	ledger *ledger
	mu     sync.Mutex
	frames map[qlog.PacketNumber][]qlog.StreamFrame
}

func (t *lossTrace) AddProducer() qlogwriter.Recorder { return t }
func (t *lossTrace) SupportsSchemas(string) bool      { return true }
func (t *lossTrace) Close() error                     { return nil }

func (t *lossTrace) RecordEvent(event qlogwriter.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e := event.(type) {
	case qlog.PacketSent:
		for _, f := range e.Frames {
			if s, ok := f.Frame.(*qlog.StreamFrame); ok && e.Header.PacketType == qlog.PacketType1RTT {
				t.frames[e.Header.PacketNumber] = append(t.frames[e.Header.PacketNumber], *s)
			}
		}
	case qlog.PacketLost:
		t.ledger.mu.Lock()
		defer t.ledger.mu.Unlock()
		for _, s := range t.frames[e.Header.PacketNumber] {
			key := streamKey{t, s.StreamID}
			t.ledger.lost[key] = append(t.ledger.lost[key], s)
		}
	}
}

// bundleSent notes which packets a bundle holds, and where.
func (l *ledger) bundleSent(tracks map[uint32]int) func(*quic.Conn, quic.StreamID, []byte) {
	return func(conn *quic.Conn, id quic.StreamID, b []byte) {
		trace, _ := conn.QlogTrace().(*lossTrace)
		var p wire.Media
		for at := wire.BundleHeader; at < len(b); {
			alias, n, err := wire.DecodeMedia(b[at:], &p)
			if err != nil {
				panic(err)
			}
			l.mu.Lock()
			l.held[packetID{tracks[alias], p.SequenceNumber}] = place{streamKey{trace, id}, int64(at), int64(at + n)}
			l.mu.Unlock()
			at += n
		}
	}
}

// figures are what one run gives; all in percent or milliseconds.
type figures struct {
	lost, late, hit   float64 // share of packets: never came, more than 5 ms late, hit by a loss
	p50, p99          float64 // lateness of packets of tracks not hit
	audioLate         float64 // share of audio more than 5 ms late
	wire              float64 // bytes on the wire per byte of payload, both directions
	lateP50, lateMost float64 // lateness of the hit ones
}

func (l *ledger) figures() figures {
	l.mu.Lock()
	defer l.mu.Unlock()
	type bundleTrack struct {
		stream streamKey
		track  int
	}
	struck := map[bundleTrack]bool{}
	for id, at := range l.held {
		for _, f := range l.lost[at.stream] {
			if f.Offset < at.to && at.from < f.Offset+f.Length {
				struck[bundleTrack{at.stream, id.track}] = true
			}
		}
	}
	var f figures
	var total, audio float64
	var clean, hits []time.Duration
	for id, counted := range l.sent {
		if !counted {
			continue
		}
		total++
		late, came := l.late[id]
		hit := struck[bundleTrack{l.held[id].stream, id.track}]
		switch {
		case !came:
			f.lost++
		case hit:
			hits = append(hits, late)
		default:
			clean = append(clean, late)
		}
		if hit {
			f.hit++
		}
		tooLate := came && late > 5*time.Millisecond
		if tooLate {
			f.late++
		}
		if id.track >= videoTracks {
			audio++
			if tooLate {
				f.audioLate++
			}
		}
	}
	f.lost, f.late, f.hit, f.audioLate = 100*f.lost/total, 100*f.late/total, 100*f.hit/total, 100*f.audioLate/audio
	f.p50, f.p99 = quantile(clean, 0.5), quantile(clean, 0.99)
	f.lateP50, f.lateMost = quantile(hits, 0.5), quantile(hits, 1)
	return f
}

func quantile(d []time.Duration, q float64) float64 {
	if len(d) == 0 {
		return math.NaN()
	}
	slices.Sort(d)
	return float64(d[min(int(q*float64(len(d))), len(d)-1)].Microseconds()) / 1000
}

// ledgerReceiver is a Receiver of one track.
type ledgerReceiver struct {
	ledger *ledger
	track  int
}

func (r ledgerReceiver) Media(p *wire.Media) { r.ledger.in(r.track, p) }
func (ledgerReceiver) Report(wire.Report)    {}
func (ledgerReceiver) Closed(error)          {}

// stage serves the tracks of a measurement by name.
type stage struct {
	mu   sync.Mutex
	outs map[string]*Outlet
}

func (s *stage) Attach(_ context.Context, _ geo.NodeID, req wire.Subscribe, out *Outlet) (wire.TrackInfo, Feed, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outs[req.Track] = out
	info := wire.TrackInfo{Kind: wire.KindVideo, Codec: "VP8", ClockRate: 90000}
	if strings.HasPrefix(req.Track, "audio") {
		info = wire.TrackInfo{Kind: wire.KindAudio, Codec: "opus", ClockRate: 48000}
	}
	return info, s, nil
}

func (*stage) RequestKeyframe(uint8) {}
func (*stage) SetLayers(int8, int8)  {}
func (*stage) Close()                {}

// measureMesh runs the load over a link.
func measureMesh(t *testing.T, oneWay time.Duration, loss float64, change func(*tuning)) (f figures) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(oneWay)
		tracks := map[uint32]int{}
		w := newWAN(oneWay, loss)
		s := &stage{outs: map[string]*Outlet{}}
		_, fra, iad := bubble(t, w, withTracks(s), func(c *Config) {
			c.tuning = defaultTuning()
			c.tuning.plain = true // the base that works everywhere, unless said otherwise
			if change != nil {
				change(c.tuning)
			}
			if c.Self == "fra" {
				c.tuning.sent = l.bundleSent(tracks)
				c.tuning.tracer = func(context.Context, bool, quic.ConnectionID) qlogwriter.Trace {
					return &lossTrace{ledger: l, frames: map[qlog.PacketNumber][]qlog.StreamFrame{}}
				}
			}
		})
		names := make([]string, videoTracks+audioTracks)
		for i := range names {
			names[i] = fmt.Sprint("video", i)
			if i >= videoTracks {
				names[i] = fmt.Sprint("audio", i)
			}
			tracks[uint32(i+1)] = i // aliases are given in this order
			if _, err := iad.Subscribe(t.Context(), "fra", track(names[i]), ledgerReceiver{l, i}); err != nil {
				t.Fatal(err)
			}
		}
		before := w.bytes.Load()
		var payload int64
		var mu sync.Mutex
		load(func(track int, _ bool, p *wire.Media) {
			l.out(track, p.SequenceNumber)
			mu.Lock()
			payload += int64(len(p.Payload))
			mu.Unlock()
			s.outs[names[track]].Send(p)
		}, func(track int) { s.outs[names[track]].Flush() })
		f = l.figures()
		f.wire = float64(w.bytes.Load()-before) / float64(payload)
		t.Logf("%d connections, dropped %+v", fra.Links()[0].Connections, fra.Links()[0].Sent)
		if err := errors.Join(fra.Close(), iad.Close()); err != nil {
			t.Error(err)
		}
	})
	return f
}

func (f figures) String() string {
	return fmt.Sprintf("lost %.2f %%  late %.2f %% (audio %.2f %%)  hit %.2f %% (late p50 %.0f, most %.0f ms)  not hit: p50 %.2f ms, p99 %.2f ms  wire %.2f",
		f.lost, f.late, f.audioLate, f.hit, f.lateP50, f.lateMost, f.p50, f.p99, f.wire)
}

// TestTracksNotHitAreNotLate is the promise of the link under loss, in simulated time.
func TestTracksNotHitAreNotLate(t *testing.T) {
	for _, rtt := range []time.Duration{40 * time.Millisecond, 170 * time.Millisecond} {
		f := measureMesh(t, rtt/2, 0.01, nil)
		t.Logf("rtt %v: %v", rtt, f)
		if f.p99 > 5 || f.lost > 0 || f.hit > 5 {
			t.Errorf("rtt %v: %v", rtt, f)
		}
	}
}

// TestSealedPacketsAreHardlyEverLate is the promise of sealed datagrams: what loss hits,
// parity repairs within its window.
func TestSealedPacketsAreHardlyEverLate(t *testing.T) {
	for _, rtt := range []time.Duration{40 * time.Millisecond, 170 * time.Millisecond} {
		f := measureMesh(t, rtt/2, 0.01, func(c *tuning) { c.plain = false })
		t.Logf("rtt %v: %v", rtt, f)
		if f.p99 > 12 || f.lost > 0.01 || f.audioLate > 3 {
			t.Errorf("rtt %v: %v", rtt, f)
		}
	}
}
