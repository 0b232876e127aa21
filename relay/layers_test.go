package relay

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay/wire"
)

// TestMostWantedLayersCount: what several claims want reaches the serving end as one
// wish, when it changes and not else.
func TestMostWantedLayersCount(t *testing.T) {
	n := newNetwork(t)
	s := &studio{}
	n.start("fra", withTracks(s))
	iad := n.start("iad")
	subscribe := func(l wire.Layers) *Subscription {
		req := track("cam")
		req.Layers = l
		sub, err := iad.Subscribe(t.Context(), "fra", req, &viewer{})
		if err != nil {
			t.Fatal(err)
		}
		return sub
	}
	first := subscribe(wire.Layers{Spatial: 0, Temporal: 1})
	if got := s.asked()[0].Layers; got != (wire.Layers{Spatial: 0, Temporal: 1}) {
		t.Errorf("subscribed to %v", got)
	}
	first.SetLayers(0, 1) // known already
	first.SetLayers(2, 2)
	second := subscribe(wire.Layers{Spatial: 1, Temporal: 0})
	second.SetLayers(1, 1) // below what the first wants
	first.SetLayers(0, 0)
	third := subscribe(wire.AllLayers)
	third.Close()
	for range 5 {
		second.SetLayers(-1, 3) // nothing
	}
	first.SetLayers(-1, -1)
	second.SetLayers(0, 2)
	second.Close()
	want := []wire.Layers{
		{Spatial: 2, Temporal: 2}, {Spatial: 1, Temporal: 1}, wire.AllLayers, {Spatial: 1, Temporal: 1},
		{Spatial: 0, Temporal: 0}, wire.NoLayers, {Spatial: 0, Temporal: 2}, wire.NoLayers,
	}
	eventually(t, "all wishes", func() bool { return len(s.wanted()) >= len(want) })
	if diff := cmp.Diff(want, s.wanted()); diff != "" {
		t.Error(diff)
	}
	first.Close()
	second.SetLayers(1, 1) // too late
	eventually(t, "feed closed", func() bool { _, closed, _ := s.count(); return closed == 1 })

	again := subscribe(wire.Layers{Spatial: 1, Temporal: 2})
	defer again.Close()
	if got := s.asked()[1].Layers; got != (wire.Layers{Spatial: 1, Temporal: 2}) {
		t.Errorf("subscribed again to %v", got)
	}
}

// TestLateSubscriptionGetsReportsOfAllLayers: also those that came before the answer.
func TestLateSubscriptionGetsReportsOfAllLayers(t *testing.T) {
	n := newNetwork(t)
	s := &simulcast{}
	n.start("fra", withTracks(s))
	iad := n.start("iad")
	want := []wire.Report{{NTP: 3, RTP: 4}, {Layer: 1, NTP: 1, RTP: 9}}
	for range 2 {
		v := &viewer{}
		sub, err := iad.Subscribe(t.Context(), "fra", track("cam"), v)
		if err != nil {
			t.Fatal(err)
		}
		defer sub.Close()
		eventually(t, "the reports", func() bool { _, reports, _ := v.got(); return len(reports) == len(want) })
		if _, reports, _ := v.got(); !cmp.Equal(reports, want) {
			t.Errorf("reports %+v", reports)
		}
	}
}

// TestLayersNobodyWantsStayOffTheLink measures it at the receiving end.
func TestLayersNobodyWantsStayOffTheLink(t *testing.T) {
	n := newNetwork(t)
	s := &simulcast{}
	n.start("fra", withTracks(s))
	iad := n.start("iad")
	v := &viewer{}
	sub, err := iad.Subscribe(t.Context(), "fra", track("cam"), v)
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	frames := func(n int) (layers []uint8, bytes uint64) {
		before, start := received(iad), len(packetsOf(v))
		sent := s.film(n)
		eventually(t, "all packets", func() bool { return len(packetsOf(v)) == start+sent })
		eventually(t, "all counted", func() bool { return received(iad).Packets == before.Packets+uint64(sent) })
		for _, p := range packetsOf(v)[start:] {
			layers = append(layers, p.Layer)
		}
		slices.Sort(layers)
		return slices.Compact(layers), received(iad).Bytes - before.Bytes
	}
	const small, large = 20 * 100, 20 * 1000 // bytes of payload
	if layers, bytes := frames(20); !cmp.Equal(layers, []uint8{0}) || bytes > small+20*40 {
		t.Errorf("layers %v in %d bytes, the lowest was wanted", layers, bytes)
	}
	sub.SetLayers(1, 0)
	eventually(t, "raise", func() bool { return s.wants() == 1 })
	if layers, bytes := frames(20); !cmp.Equal(layers, []uint8{0, 1}) || bytes < small+large {
		t.Errorf("layers %v in %d bytes, both were wanted", layers, bytes)
	}
	sub.SetLayers(0, 0)
	eventually(t, "reduction", func() bool { return s.wants() == 0 })
	if layers, bytes := frames(20); !cmp.Equal(layers, []uint8{0}) || bytes > small+20*40 {
		t.Errorf("layers %v in %d bytes after the reduction", layers, bytes)
	}
}

func received(n *node) ClassStats { return n.Links()[0].Received["video"] }

func packetsOf(v *viewer) []wire.Media {
	packets, _, _ := v.got()
	return packets
}

// simulcast is a camera with two encodings that sends those that are wanted.
type simulcast struct {
	mu       sync.Mutex
	out      *Outlet
	spatial  int8
	sequence uint16
}

func (s *simulcast) Attach(_ context.Context, _ geo.NodeID, req wire.Subscribe, out *Outlet) (wire.TrackInfo, Feed, error) {
	out.Report(wire.Report{NTP: 1, RTP: 2})
	out.Report(wire.Report{Layer: 1, NTP: 1, RTP: 9})
	out.Report(wire.Report{NTP: 3, RTP: 4})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out, s.spatial = out, req.Layers.Spatial
	return wire.TrackInfo{Kind: wire.KindVideo, Codec: "VP8", ClockRate: 90000}, s, nil
}

// film sends n frames, slowly enough for any queue, and returns how many packets they
// were.
func (s *simulcast) film(n int) (sent int) {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for range n {
		s.mu.Lock()
		for layer, size := range []int{100, 1000} {
			if int8(layer) <= s.spatial {
				s.sequence++
				sent++
				s.out.Send(&wire.Media{Layer: uint8(layer), SequenceNumber: s.sequence, Payload: make([]byte, size)})
			}
		}
		s.out.Flush()
		s.mu.Unlock()
		<-tick.C
	}
	return sent
}

func (s *simulcast) wants() int8 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.spatial
}

func (s *simulcast) SetLayers(spatial, _ int8) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spatial = spatial
}

func (s *simulcast) RequestKeyframe(uint8) {}
func (s *simulcast) Close()                {}
