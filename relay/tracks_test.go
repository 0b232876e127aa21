package relay

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/meridian-video/meridian/relay/wire"
)

func TestTrackArrives(t *testing.T) {
	n := newNetwork(t)
	s := &studio{}
	n.start("fra", withTracks(s))
	iad := n.start("iad")
	v := &viewer{}
	sub, err := iad.Subscribe(t.Context(), "fra", track("cam"), v)
	if err != nil {
		t.Fatal(err)
	}
	if want := (wire.TrackInfo{Kind: wire.KindVideo, Codec: "VP8", ClockRate: 90000}); sub.Info() != want {
		t.Errorf("info %+v, want %+v", sub.Info(), want)
	}
	if got := s.asked()[0].Path; !cmp.Equal(got, []string{"iad"}) {
		t.Errorf("path %q", got)
	}
	out := s.attached()[0]
	var want []wire.Media
	for i := range 200 {
		p := wire.Media{Layer: uint8(i % 3), SequenceNumber: uint16(65500 + i), Timestamp: uint32(i) * 3000,
			Marker: i%4 == 3, AudioLevel: uint8(i % 2), Codec: wire.Codec(i % 7),
			Descriptor: []byte("descriptor")[:i%5], Payload: fmt.Appendf(nil, "packet %d", i)}
		want = append(want, p)
		out.Send(&p)
		if p.Marker {
			out.Flush()
		}
	}
	wantReports := []wire.Report{{NTP: 7, RTP: 9}, {Layer: 2, NTP: 7, RTP: 10}}
	for _, r := range wantReports {
		out.Report(r)
	}
	eventually(t, "200 packets and the reports", func() bool {
		packets, reports, _ := v.got()
		return len(packets) == len(want) && len(reports) == len(wantReports)
	})
	packets, reports, _ := v.got()
	bySequence := make(map[uint16]wire.Media)
	for _, p := range packets {
		bySequence[p.SequenceNumber] = p
	}
	for _, p := range want {
		if diff := cmp.Diff(p, bySequence[p.SequenceNumber], cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	}
	if diff := cmp.Diff(wantReports, reports); diff != "" {
		t.Error(diff)
	}
	sub.RequestKeyframe(2)
	eventually(t, "keyframe request", func() bool { _, _, k := s.count(); return k == 1 })
	if got := s.wished(); got[0] != 2 {
		t.Errorf("keyframe of layer %d", got[0])
	}
	sub.Close()
	sub.Close()
	eventually(t, "feed closed", func() bool { _, closed, _ := s.count(); return closed == 1 })
	if _, _, causes := v.got(); len(causes) != 0 {
		t.Errorf("closed by itself: %v", causes)
	}
}

func TestTrackCrossesALinkOnce(t *testing.T) {
	n := newNetwork(t)
	s := &studio{}
	fra := n.start("fra", withTracks(s))
	iad := n.start("iad")
	var subs []*Subscription
	var viewers []*viewer
	for range 5 {
		v := &viewer{}
		sub, err := iad.Subscribe(t.Context(), "fra", track("cam"), v)
		if err != nil {
			t.Fatal(err)
		}
		subs, viewers = append(subs, sub), append(viewers, v)
	}
	other, err := iad.Subscribe(t.Context(), "fra", track("mic"), &viewer{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	copies := func() (in, out int) {
		return iad.Links()[0].TracksIn, fra.Links()[0].TracksOut
	}
	if in, out := copies(); in != 2 || out != 2 {
		t.Errorf("%d tracks in, %d out, want 2 and 2", in, out)
	}
	if got := counter(t, fra, "meridian_relay_track_copies_total", "out"); got != 2 {
		t.Errorf("%v copies, want 2", got)
	}
	s.attached()[0].Send(&wire.Media{SequenceNumber: 1, Payload: []byte("x")})
	for _, v := range viewers {
		eventually(t, "packet at every viewer", func() bool { p, _, _ := v.got(); return len(p) == 1 })
	}
	for _, sub := range subs[1:] {
		sub.Close()
	}
	if in, _ := copies(); in != 2 {
		t.Errorf("%d tracks in while one viewer is left", in)
	}
	subs[0].Close()
	eventually(t, "track off the link", func() bool { _, out := copies(); return out == 1 })
}

func TestTrackRefused(t *testing.T) {
	n := newNetwork(t)
	s := &studio{err: fmt.Errorf("somewhere: %w", ErrNoTrack)}
	n.start("fra", withTracks(s))
	n.start("syd")
	iad := n.start("iad")
	for _, c := range []struct {
		name string
		path []string
		want error
	}{
		{"no such track", nil, ErrNoTrack},
		{"origin on the path", []string{"fra", "iad"}, ErrLoop},
		{"self twice on the path", []string{"iad", "gru", "iad"}, ErrLoop},
		{"four hops", []string{"gru", "nrt", "sin"}, ErrTooManyHops},
		{"three hops reach the tracks", []string{"gru", "nrt"}, ErrNoTrack},
	} {
		t.Run(c.name, func(t *testing.T) {
			req := track("cam")
			req.Path = c.path
			if _, err := iad.Subscribe(t.Context(), "fra", req, &viewer{}); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	if _, err := iad.Subscribe(t.Context(), "syd", track("cam"), &viewer{}); !errors.Is(err, ErrNoTrack) {
		t.Errorf("node without tracks: %v", err)
	}
	if _, err := iad.Subscribe(t.Context(), "nowhere", track("cam"), &viewer{}); !errors.Is(err, ErrNotMember) {
		t.Errorf("stranger: %v", err)
	}
}

func TestServingSideChecksThePath(t *testing.T) {
	for _, c := range []struct {
		path []string
		want error
	}{
		{[]string{"iad"}, nil},
		{[]string{"a", "b", "iad"}, nil},
		{[]string{"a", "b", "c", "iad"}, ErrTooManyHops},
		{[]string{"fra", "iad"}, ErrLoop},
		{[]string{"a"}, ErrLoop},
		{nil, ErrLoop},
	} {
		if err := checkPath(c.path, "iad", "fra"); !errors.Is(err, c.want) {
			t.Errorf("%q: got %v, want %v", c.path, err, c.want)
		}
	}
}

func TestServingSideEndsATrack(t *testing.T) {
	n := newNetwork(t)
	s := &studio{}
	n.start("fra", withTracks(s))
	iad := n.start("iad")
	v := &viewer{}
	if _, err := iad.Subscribe(t.Context(), "fra", track("cam"), v); err != nil {
		t.Fatal(err)
	}
	s.attached()[0].Close(nil)
	eventually(t, "receiver told", func() bool { _, _, causes := v.got(); return len(causes) == 1 })
	if _, _, causes := v.got(); !errors.Is(causes[0], ErrTrackEnded) {
		t.Errorf("cause %v", causes[0])
	}
	if _, closed, _ := s.count(); closed != 1 {
		t.Errorf("feed closed %d times", closed)
	}
	again, err := iad.Subscribe(t.Context(), "fra", track("cam"), v)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}

func TestSubscriptionsEndWithTheLink(t *testing.T) {
	n := newNetwork(t)
	s := &studio{}
	fra := n.start("fra", withTracks(s))
	iad := n.start("iad")
	viewers := []*viewer{{}, {}, {}}
	for i, v := range viewers {
		if _, err := iad.Subscribe(t.Context(), "fra", track(fmt.Sprint(i/2)), v); err != nil {
			t.Fatal(err)
		}
	}
	if err := fra.Close(); err != nil {
		t.Fatal(err)
	}
	if attached, closed, _ := s.count(); attached != 2 || closed != 2 {
		t.Errorf("%d feeds attached, %d closed", attached, closed)
	}
	for _, v := range viewers {
		eventually(t, "receiver told", func() bool { _, _, causes := v.got(); return len(causes) == 1 })
		if _, _, causes := v.got(); !errors.Is(causes[0], ErrLinkDown) {
			t.Errorf("cause %v", causes[0])
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	if _, err := iad.Subscribe(ctx, "fra", track("cam"), &viewer{}); err == nil {
		t.Error("subscribed to a dead node")
	}
}
