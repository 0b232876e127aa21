package sfu

import (
	"slices"
	"testing"
	"time"
)

const ms = time.Millisecond

func TestStartsWithKeyframe(t *testing.T) {
	clock := &clockwork{at: time.Second}
	s := newScene(t, 1, clock)
	d, rec := newDown(clock)
	s.frame(true)
	s.at += 600 * ms // the keyframe is too old for the cache
	s.frame(false)
	d.Switch(s.up)
	if len(rec.packets) != 0 || s.ask.keyframes != 1 {
		t.Fatalf("got %d packets, %d requests; want 0, 1", len(rec.packets), s.ask.keyframes)
	}
	if !d.Stats().Waiting {
		t.Error("not waiting")
	}
	s.frame(false)
	s.at += 33 * ms
	s.frame(true)
	s.frame(false)
	got := rec.take()
	if len(got) != 6 || !descriptor(t, got[0]).Key {
		t.Fatalf("got %d packets, want 6 from a keyframe on", len(got))
	}
	if d.Stats().Waiting || d.Source() != s.up {
		t.Error("still waiting, or lost its source")
	}
}

func TestStartsFromCache(t *testing.T) {
	for _, tc := range []struct {
		name   string
		frames int           // after the keyframe
		age    time.Duration // of the keyframe
		lose   bool
		want   int // packets served at once
	}{
		{"fresh", 3, 100 * ms, false, 12},
		{"at the limit", 20, 500 * ms, false, 63},
		{"too many packets", 21, 100 * ms, false, 0},
		{"too old", 1, 501 * ms, false, 0},
		{"a packet is missing", 3, 100 * ms, true, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			clock := &clockwork{at: time.Second}
			s := newScene(t, 1, clock)
			s.frame(true)
			for range tc.frames {
				s.frame(false)
			}
			if tc.lose {
				s.cam.next(s.at)
				s.up.Write(s.cam.next(s.at))
			}
			s.at += tc.age
			d, rec := newDown(clock)
			d.Switch(s.up)
			if len(rec.packets) != min(tc.want, maxBurst) {
				t.Fatalf("got %d packets at once, want %d", len(rec.packets), min(tc.want, maxBurst))
			}
			for range tc.want / maxBurst {
				s.at += burstInterval
				s.up.Tick(s.at)
			}
			if len(rec.packets) != tc.want {
				t.Fatalf("got %d packets, want %d", len(rec.packets), tc.want)
			}
			if asked := s.ask.keyframes == 1; asked != (tc.want == 0) {
				t.Errorf("keyframe requests: %d", s.ask.keyframes)
			}
		})
	}
}

func TestFilledHoleServesWaiting(t *testing.T) {
	clock := &clockwork{at: time.Second}
	s := newScene(t, 1, clock)
	d, rec := newDown(clock)
	s.frame(true)
	s.at += 600 * ms
	s.frame(false)
	d.Switch(s.up)
	s.cam.key = true
	first := s.cam.next(s.at)
	s.up.Write(s.cam.next(s.at))
	s.up.Write(s.cam.next(s.at))
	s.at += 20 * ms
	s.up.Tick(s.at)
	if !slices.Contains(s.ask.seqs, first.SequenceNumber) {
		t.Fatalf("asked for %v, want %d", s.ask.seqs, first.SequenceNumber)
	}
	first.Arrival = s.at
	s.up.Write(first)
	got := rec.take()
	if len(got) != 3 || !descriptor(t, got[0]).Key {
		t.Fatalf("got %d packets, want the repaired keyframe of 3", len(got))
	}
	for i := range got {
		if got[i].SequenceNumber != got[0].SequenceNumber+uint16(i) {
			t.Errorf("packet %d has number %d", i, got[i].SequenceNumber)
		}
	}
	if got := s.up.Stats().Recovered; got != 1 {
		t.Errorf("recovered %d, want 1", got)
	}
}

func TestSwitchIsContinuous(t *testing.T) {
	clock := &clockwork{at: time.Second}
	a, b := newScene(t, 1, clock), newScene(t, 2, clock)
	d, rec := newDown(clock)
	d.Switch(a.up)
	a.frame(true)
	a.frame(false)
	last := rec.packets[len(rec.packets)-1]
	d.Switch(b.up)
	a.frame(false)
	b.frame(false)
	clock.at += 600 * ms
	b.frame(true)
	got := rec.packets[6]
	if n := len(rec.packets); n != 9 {
		t.Fatalf("got %d packets, want 9", n)
	}
	if got.SequenceNumber != last.SequenceNumber+1 {
		t.Errorf("number %d follows %d", got.SequenceNumber, last.SequenceNumber)
	}
	if step := got.Timestamp - last.Timestamp; step != 54000 {
		t.Errorf("timestamp advanced by %d in 600 ms, want 54000", step)
	}
	v, w := descriptor(t, last), descriptor(t, got)
	if w.PictureID != (v.PictureID+1)&0x7fff || w.TL0 != v.TL0+1 {
		t.Errorf("picture id %d, TL0PICIDX %d follow %d, %d", w.PictureID, w.TL0, v.PictureID, v.TL0)
	}
	if a.up.Stats().Downs != 0 || b.up.Stats().Downs != 1 {
		t.Error("attached to the wrong source")
	}

	d.Switch(nil)
	b.frame(true)
	if len(rec.packets) != 9 || d.Source() != nil {
		t.Error("sent while switched to nothing")
	}
	b.up.Close()
	d.Switch(a.up)
	a.frame(true)
	if len(rec.packets) != 12 || rec.packets[9].SequenceNumber != got.SequenceNumber+3 {
		t.Error("numbers did not go on after a pause")
	}
	a.up.Close()
	a.up.Close()
	if d.Source() != nil {
		t.Error("a closed UpTrack is still the source")
	}
	a.frame(true)
	d.Switch(a.up)
	if d.Source() != nil || len(rec.packets) != 12 {
		t.Error("attached to a closed UpTrack")
	}
	d.Close()
	d.Close()
}

func TestHolesAndHidden(t *testing.T) {
	clock := &clockwork{at: time.Second}
	s := newScene(t, 1, clock)
	d, rec := newDown(clock)
	d.Switch(s.up)
	s.frame(true)
	base := rec.packets[0].SequenceNumber

	lost := s.cam.next(s.at)
	s.up.Write(s.cam.next(s.at))
	s.up.Write(s.cam.next(s.at))
	if n := rec.packets[3].SequenceNumber; n != base+4 {
		t.Fatalf("the source's hole was hidden: %d follows %d", n, base+2)
	}
	padding := s.cam.next(s.at)
	padding.Payload = nil
	s.up.Write(padding)
	s.up.Write(s.cam.next(s.at))
	if n := rec.packets[5].SequenceNumber; n != base+6 {
		t.Fatalf("padding left a hole: %d follows %d", n, base+5)
	}
	malformed := s.cam.next(s.at)
	malformed.Payload = []byte{0x90, 0x80}
	s.up.Write(malformed)
	s.up.Write(lost)
	if n := rec.packets[6].SequenceNumber; n != base+3 {
		t.Fatalf("the late packet got number %d, want %d", n, base+3)
	}
	s.up.Write(lost)
	s.at += 33 * ms
	s.frame(false)
	if len(rec.packets) != 10 || rec.packets[7].SequenceNumber != base+7 {
		t.Fatalf("got %d packets, then %d", len(rec.packets), rec.packets[7].SequenceNumber-base)
	}
	if s.up.Stats().Duplicates != 1 {
		t.Error("the duplicate was not counted")
	}
}

func TestRetransmit(t *testing.T) {
	clock := &clockwork{at: time.Second}
	s := newScene(t, 1, clock)
	d, rec := newDown(clock)
	d.Switch(s.up)
	s.frame(true)
	padding := s.cam.next(s.at)
	padding.Payload = nil
	s.up.Write(padding)
	s.cam.in = 0
	s.frame(false)
	first := rec.take()

	d.Retransmit([]uint16{first[0].SequenceNumber, first[4].SequenceNumber, first[5].SequenceNumber + 9, 1})
	got := rec.take()
	if len(got) != 2 {
		t.Fatalf("resent %d packets, want 2", len(got))
	}
	for i, want := range []sent{first[0], first[4]} {
		if !got[i].Resent || got[i].SequenceNumber != want.SequenceNumber ||
			got[i].Timestamp != want.Timestamp || !slices.Equal(got[i].payload, want.payload) {
			t.Errorf("resent %+v, want %+v", got[i], want)
		}
	}
	d.Retransmit([]uint16{first[0].SequenceNumber})
	if len(rec.take()) != 0 {
		t.Error("resent again at once")
	}
	for range 10 {
		clock.at += 25 * ms
		d.Retransmit([]uint16{first[0].SequenceNumber})
	}
	if n := len(rec.take()); n != resendTries-1 {
		t.Errorf("resent %d more times, want %d", n, resendTries-1)
	}
	clock.at += 2 * time.Second
	d.Retransmit([]uint16{first[1].SequenceNumber})
	if len(rec.take()) != 0 {
		t.Error("resent after its time")
	}
	if st := d.Stats(); st.Resent != 5 || st.Nacked != 16 || st.NackRefused != 11 {
		t.Errorf("stats %+v", st)
	}
}

func TestNackUpstream(t *testing.T) {
	clock := &clockwork{at: time.Second}
	s := newScene(t, 1, clock)
	d, _ := newDown(clock)
	d.Switch(s.up)
	s.frame(true)
	lost := s.cam.next(s.at).SequenceNumber
	s.up.Write(s.cam.next(s.at))
	s.up.Tick(s.at)
	if len(s.ask.seqs) != 0 {
		t.Fatal("asked without allowing for reordering")
	}
	var asked []time.Duration
	for range 100 {
		s.at += 10 * ms
		before := len(s.ask.seqs)
		s.up.Tick(s.at)
		if len(s.ask.seqs) > before {
			asked = append(asked, s.at-time.Second)
		}
	}
	if len(asked) != 5 || asked[0] != 10*ms || asked[1] != 110*ms || asked[4] > 500*ms {
		t.Fatalf("asked at %v", asked)
	}
	if s.ask.seqs[0] != lost || s.up.Stats().Lost != 1 {
		t.Errorf("asked for %v, lost %d", s.ask.seqs, s.up.Stats().Lost)
	}
	s.cam.sn += 600
	before := s.ask.keyframes
	s.frame(false)
	s.at += 50 * ms
	s.up.Tick(s.at)
	if len(s.ask.seqs) != 5 || s.ask.keyframes != before+1 {
		t.Error("a huge gap was not answered with a keyframe request")
	}
}

func TestKeyframeRequestsMerge(t *testing.T) {
	clock := &clockwork{at: time.Second}
	s := newScene(t, 1, clock)
	var downs []*DownTrack
	s.frame(true)
	for range 10 {
		d, _ := newDown(clock)
		d.Switch(s.up) // served by the cache
		downs = append(downs, d)
	}
	if s.ask.keyframes != 0 {
		t.Fatal("asked though the cache served")
	}
	run := func(d time.Duration) {
		for end := s.at + d; s.at < end; s.at += 10 * ms {
			s.up.Tick(s.at)
			for _, d := range downs {
				d.KeyframeRequest()
			}
		}
	}
	run(10 * ms)
	if s.ask.keyframes != 1 {
		t.Fatalf("%d requests on the leading edge, want 1", s.ask.keyframes)
	}
	run(2 * time.Second)
	if n := s.ask.keyframes; n < 4 || n > 5 {
		t.Errorf("%d requests in 2 s, want 4 or 5", n)
	}
	s.frame(true)
	before := s.ask.keyframes
	for range 60 {
		s.at += 10 * ms
		s.up.Tick(s.at)
	}
	if s.ask.keyframes != before {
		t.Error("asked though the keyframe came")
	}
}

func TestSourceRestart(t *testing.T) {
	clock := &clockwork{at: time.Second}
	s := newScene(t, 1, clock)
	d, rec := newDown(clock)
	d.Switch(s.up)
	s.frame(true)
	s.frame(false)
	last := rec.take()[5]
	s.cam.sn += 30000
	s.cam.ts += 1 << 30
	s.cam.pid += 500
	s.at += 200 * ms
	s.frame(true) // the first packet is taken for a stray
	if s.up.Stats().Restarts != 1 || s.ask.keyframes == 0 {
		t.Fatalf("%d restarts, %d requests", s.up.Stats().Restarts, s.ask.keyframes)
	}
	s.frame(false)
	s.frame(true)
	got := rec.take()
	if len(got) != 3 || got[0].SequenceNumber != last.SequenceNumber+1 {
		t.Fatalf("got %d packets after the restart", len(got))
	}
	if step := got[0].Timestamp - last.Timestamp; step != 18000 {
		t.Errorf("timestamp advanced by %d in 200 ms, want 18000", step)
	}
	if v, w := descriptor(t, last), descriptor(t, got[0]); w.PictureID != v.PictureID+1 {
		t.Errorf("picture id %d follows %d", w.PictureID, v.PictureID)
	}
}

func TestSequenceNumbersWrap(t *testing.T) {
	clock := &clockwork{at: time.Second}
	s := newScene(t, 1, clock)
	s.cam.sn, s.cam.ts, s.cam.pid, s.cam.tl0 = 65500, 1<<32-5000, 32760, 250
	d, rec := newDown(clock)
	d.Switch(s.up)
	for i := range 6667 {
		s.at += 33 * ms
		s.frame(i == 0)
	}
	var prev sent
	for i, p := range rec.packets {
		if i > 0 {
			if p.SequenceNumber != prev.SequenceNumber+1 {
				t.Fatalf("number %d follows %d", p.SequenceNumber, prev.SequenceNumber)
			}
			v, w := descriptor(t, prev), descriptor(t, p)
			if step := (w.PictureID - v.PictureID) & 0x7fff; step > 1 {
				t.Fatalf("picture id %d follows %d", w.PictureID, v.PictureID)
			}
			if step := p.Timestamp - prev.Timestamp; step != 0 && step != 3000 {
				t.Fatalf("timestamp stepped by %d", step)
			}
		}
		prev = p
	}
	if len(rec.packets) != 20001 {
		t.Fatalf("got %d packets", len(rec.packets))
	}
}

func TestVerbatim(t *testing.T) {
	clock := &clockwork{at: time.Second}
	s := newScene(t, 1, clock)
	rec := &recorder{}
	d := NewDownTrack(DownConfig{Kind: Video, Sink: rec, Verbatim: true, Now: clock.now})
	d.Switch(s.up)
	p := s.cam.next(s.at)
	s.up.Write(p)
	padding := s.cam.next(s.at)
	padding.Payload = nil
	s.up.Write(padding)
	s.up.SenderReport(0, NTP(0), p.Timestamp, s.at)
	s.up.Tick(s.at)
	got := rec.take()
	if len(got) != 2 || got[0].SequenceNumber != p.SequenceNumber || got[0].Timestamp != p.Timestamp ||
		!slices.Equal(got[0].payload, p.Payload) || got[1].SequenceNumber != padding.SequenceNumber {
		t.Fatalf("got %+v", got)
	}
	if len(rec.reports) != 1 || rec.reports[0].RTP != p.Timestamp {
		t.Errorf("reports %+v", rec.reports)
	}
	d.Retransmit([]uint16{p.SequenceNumber})
	if got := rec.take(); len(got) != 0 || d.Stats().NackRefused != 1 {
		t.Errorf("resent %+v: links repair themselves", got)
	}
}

func TestAudio(t *testing.T) {
	clock := &clockwork{at: time.Second}
	ask := &asker{}
	flushes := &flushCounter{}
	u := NewUpTrack(UpConfig{
		Kind: Audio, Codec: Opus, Upstream: ask, Now: clock.now,
		Batch: flushes,
	})
	rec := &recorder{}
	d := NewDownTrack(DownConfig{Kind: Audio, Sink: rec, Now: clock.now})
	d.Switch(u)
	if level, _ := u.Level(); level != NoAudioLevel {
		t.Error("a level before the first packet")
	}
	for i := range 5 {
		u.Write(&Packet{
			SequenceNumber: uint16(65534 + i), Timestamp: uint32(i) * 960, Arrival: clock.at,
			AudioLevel: uint8(30 + i), Payload: []byte{0x78, byte(i)},
		})
		clock.at += 20 * ms
	}
	if len(rec.packets) != 5 || !rec.packets[0].Marker || rec.packets[1].Marker || flushes.n != 5 {
		t.Fatalf("got %d packets, %d flushes", len(rec.packets), flushes.n)
	}
	if level, at := u.Level(); level != 34 || at != time.Second+80*ms {
		t.Errorf("level %d at %v", level, at)
	}
	v := newScene(t, 1, clock)
	d.Switch(v.up)
	if d.Source() != nil || ask.keyframes != 0 {
		t.Error("a video track feeds an audio slot")
	}
}
