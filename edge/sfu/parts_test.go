package sfu

import (
	"bytes"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"
)

// The cache gives back what it was given or nothing, and keeps a second of
// what fits its bound.
func TestPacketCache(t *testing.T) {
	c := newPacketCache(Video)
	content := func(ext uint64) []byte {
		return bytes.Repeat([]byte{byte(ext), byte(ext >> 8)}, int(100+ext*37%500))
	}
	const last = 1 << 13
	for ext := uint64(1); ext <= last; ext++ {
		at := time.Duration(ext) * 2 * ms // 500 packets of 700 bytes a second
		c.add(cached{ext: ext, arrival: at}, content(ext), nil)
		for _, back := range []uint64{0, 1, 499} {
			if back >= ext {
				continue
			}
			e, payload, _ := c.get(ext - back)
			if e == nil {
				if len(c.arena) == 64<<10 {
					continue // not grown yet
				}
				t.Fatalf("packet %d is gone at %d with %d bytes of ring", ext-back, ext, len(c.arena))
			}
			if e.ext != ext-back || !bytes.Equal(payload, content(ext-back)) {
				t.Fatalf("packet %d came back changed at %d", ext-back, ext)
			}
		}
	}
	if n := len(c.arena); n > 1<<20 {
		t.Errorf("the ring grew to %d bytes", n)
	}
	if e, _, _ := c.get(last - 1024); e != nil {
		t.Error("a packet outlived its ring")
	}
	c.clear()
	if e, _, _ := c.get(last); e != nil {
		t.Error("a packet outlived clear")
	}
}

// At any bitrate and packet size, in any order.
func TestPacketCacheHoldsOrForgets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newPacketCache(Audio)
		given, extra := map[uint64][]byte{}, map[uint64][]byte{}
		at := time.Duration(0)
		for i := range rapid.IntRange(1, 300).Draw(t, "packets") {
			ext := uint64(i) + uint64(rapid.IntRange(0, 3).Draw(t, "ahead"))
			size := rapid.SampledFrom([]int{0, 1, 80, 700, maxPayload}).Draw(t, "size")
			given[ext] = bytes.Repeat([]byte{byte(i)}, size)
			extra[ext] = bytes.Repeat([]byte{byte(i + 1)}, rapid.SampledFrom([]int{0, 3, maxDescriptor}).Draw(t, "descriptor"))
			at += time.Duration(rapid.IntRange(0, 100).Draw(t, "ms")) * ms
			c.add(cached{ext: ext, arrival: at}, given[ext], extra[ext])
			for ext, want := range given {
				e, got, descriptor := c.get(ext)
				if e != nil && (!bytes.Equal(got, want) || !bytes.Equal(descriptor, extra[ext])) {
					t.Fatalf("packet %d came back changed", ext)
				}
			}
			if e, _, _ := c.get(ext); e == nil {
				t.Fatalf("packet %d was not kept", ext)
			}
		}
	})
}

func TestReceiveLog(t *testing.T) {
	type step struct {
		sn    uint16
		gap   int
		class arrivalClass
	}
	for _, tc := range []struct {
		name  string
		steps []step
	}{
		{"in order over the wrap", []step{{65534, 0, arrivedNew}, {65535, 0, arrivedNew}, {0, 0, arrivedNew}}},
		{"a hole is filled once", []step{
			{65534, 0, arrivedNew}, {1, 2, arrivedNew}, {0, 0, arrivedLate}, {0, 0, arrivedDuplicate},
			{65535, 0, arrivedLate}, {65534, 0, arrivedDuplicate}, {1, 0, arrivedDuplicate}}},
		{"before the first", []step{
			{100, 0, arrivedNew}, {99, 0, arrivedLate}, {99, 0, arrivedDuplicate}, {101, 0, arrivedNew},
			{100 - earlyWindow, 0, arrivedLate}, {99 - earlyWindow, 0, arrivedOld}}},
		{"a large gap", []step{{0, 0, arrivedNew}, {2000, 1999, arrivedNew}, {1999, 0, arrivedLate}, {1000, 0, arrivedOld}}},
		{"one stray", []step{{0, 0, arrivedNew}, {30000, 0, arrivedStray}, {1, 0, arrivedNew}, {30001, 0, arrivedStray}, {2, 0, arrivedNew}}},
		{"a restart", []step{{0, 0, arrivedNew}, {30000, 0, arrivedStray}, {30001, 0, arrivedRestart}, {30002, 0, arrivedNew}, {30000, 0, arrivedOld}}},
		{"a restart backwards", []step{{30000, 0, arrivedNew}, {10, 0, arrivedStray}, {11, 0, arrivedRestart}, {13, 1, arrivedNew}, {12, 0, arrivedLate}}},
	} {
		var l receiveLog
		for i, s := range tc.steps {
			ext, gap, class := l.arrive(s.sn)
			if class != s.class || class == arrivedNew && gap != s.gap {
				t.Errorf("%s: step %d, %d: gap %d, class %d; want %d, %d", tc.name, i, s.sn, gap, class, s.gap, s.class)
			}
			if class <= arrivedDuplicate && uint16(ext) != s.sn {
				t.Errorf("%s: step %d: %d extends to %d", tc.name, i, s.sn, ext)
			}
		}
	}
	var l receiveLog // late repairs in sequence are no restart, a long run is
	l.arrive(10000)
	for i := range oldRun {
		want := arrivedOld
		if i == oldRun-1 {
			want = arrivedRestart
		}
		if _, _, class := l.arrive(uint16(9000 + i)); class != want {
			t.Errorf("old packet %d in sequence: class %d, want %d", i, class, want)
		}
	}
}

func TestNackListIsBounded(t *testing.T) {
	n := newNackList(Audio)
	if lost := n.skip(1000, 40, 0); lost != 8 || len(n.list) != 32 || n.list[0].ext != 968 {
		t.Errorf("lost %d, list of %d from %d", lost, len(n.list), n.list[0].ext)
	}
	if lost := n.skip(1010, 5, 0); lost != 5 || len(n.list) != 32 || n.list[31].ext != 1009 {
		t.Errorf("lost %d, list of %d", lost, len(n.list))
	}
	seqs, _ := n.take(10*ms, defaultRTT)
	if len(seqs) != 32 || !n.arrived(1009) || n.arrived(1009) {
		t.Errorf("asked for %d", len(seqs))
	}
	if lost := n.skip(3000, 600, 20*ms); lost != 631 || len(n.list) != 0 {
		t.Errorf("a huge gap: lost %d, list of %d", lost, len(n.list))
	}
}

// A subscriber that floods has one message waiting, and gets its quota.
func TestFloodIsBounded(t *testing.T) {
	clock := &clockwork{at: time.Second}
	s := newScene(t, 1, clock)
	d, rec := newDown(clock)
	d.Switch(s.up)
	s.frame(true)
	for range 100 {
		s.frame(false)
	}
	sentNow := rec.take()
	var seqs []uint16
	for _, p := range sentNow {
		seqs = append(seqs, p.SequenceNumber)
	}
	s.up.mu.Lock() // somebody is at work
	for range 1000 {
		d.Retransmit(seqs)
		d.KeyframeRequest()
	}
	waiting := s.up.box.queued.Load()
	s.up.mu.Unlock()
	if waiting != 1 {
		t.Errorf("%d messages wait, want 1", waiting)
	}
	for range 1000 {
		d.Retransmit(seqs)
	}
	if n := len(rec.packets); n == 0 || n > resendQuota(Video) {
		t.Errorf("resent %d packets at once, want at most %d", n, resendQuota(Video))
	}
	if s.ask.keyframes > 1 {
		t.Errorf("%d keyframe requests", s.ask.keyframes)
	}
}

// A mailbox refuses feedback when full, never attach and detach.
func TestMailboxBounds(t *testing.T) {
	var b mailbox
	d := &DownTrack{}
	for range maxFeedback {
		if !b.post(message{opFeedback, d}) {
			t.Fatal("refused below the bound")
		}
	}
	if b.post(message{opFeedback, d}) {
		t.Error("accepted feedback above the bound")
	}
	if !b.post(message{opAttach, d}) || !b.post(message{opDetach, d}) {
		t.Error("refused attach or detach")
	}
	var got []op
	for m, ok := b.take(); ok; m, ok = b.take() {
		got = append(got, m.op)
		if len(got) < 3*maxFeedback && len(got)%2 == 0 {
			b.post(message{opAttach, d})
		}
		if len(got) == 3*maxFeedback {
			break
		}
	}
	if got[maxFeedback] != opAttach || got[maxFeedback+1] != opDetach {
		t.Error("messages changed their order")
	}
	if cap(b.queue) > 4*maxFeedback {
		t.Errorf("the queue grew to %d", cap(b.queue))
	}
}

func TestMetricsRegister(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	m := NewMetrics(reg)
	clock := &clockwork{at: time.Second}
	u := NewUpTrack(UpConfig{Kind: Video, Codec: VP8, Now: clock.now, Metrics: m})
	d := NewDownTrack(DownConfig{Kind: Video, Sink: &recorder{}, Now: clock.now, Metrics: m})
	d.Switch(u)
	u.Write(&Packet{Arrival: clock.at, Payload: vp8Payload(true, true, 1, 1, 1, 0)})
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "meridian_sfu_forwarded_packets_total" {
			continue
		}
		for _, x := range f.GetMetric() {
			if x.GetLabel()[0].GetValue() == "video" && x.GetCounter().GetValue() == 1 {
				return
			}
		}
	}
	t.Error("the forwarded packet was not counted")
}
