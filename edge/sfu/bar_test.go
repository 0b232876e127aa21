package sfu

import "testing"

func TestBarredSourceReachesNobody(t *testing.T) {
	clock := &clockwork{at: 1000 * ms}
	s := newScene(t, 1, clock)
	d, rec := newDown(clock)
	d.Switch(s.up)
	s.frame(true)
	s.frame(false)
	before := rec.take()
	if len(before) != 6 {
		t.Fatalf("%d packets before", len(before))
	}
	s.up.Bar(true)
	s.up.Bar(true)
	for range 40 {
		s.at += 33 * ms
		s.frame(true)
		s.up.Tick(s.at)
	}
	last := before[5].SequenceNumber
	d.Retransmit([]uint16{last, last - 1})
	late, other := newDown(clock)
	late.Switch(s.up)
	if n := len(rec.take()) + len(other.take()); n != 0 {
		t.Fatalf("%d packets while barred", n)
	}
	s.up.Bar(false)
	s.at += 33 * ms
	s.frame(false)
	if n := len(rec.take()); n != 0 {
		t.Errorf("%d packets before a keyframe", n)
	}
	asked := s.ask.keyframes
	s.at += 33 * ms
	s.up.Tick(s.at)
	if s.ask.keyframes+asked == 0 {
		t.Error("no keyframe is asked for")
	}
	s.at += 33 * ms
	s.frame(true)
	got := rec.take()
	if len(got) != 3 || got[0].SequenceNumber != last+1 {
		t.Errorf("%d packets, the first %d after %d", len(got), got[0].SequenceNumber, last)
	}
	if len(other.take()) != 3 {
		t.Error("who came meanwhile gets nothing")
	}
	if lost := s.up.Stats().Lost; lost != 0 || len(s.ask.seqs) != 0 {
		t.Errorf("%d lost, %v asked for", lost, s.ask.seqs)
	}
}

// A microphone that was barred for hours goes on with its next packet, without a
// gap for those who hear it.
func TestBarredMicrophoneGoesOn(t *testing.T) {
	t.Run("to a client", func(t *testing.T) { goesOn(t, false) })
	t.Run("on a link", func(t *testing.T) { goesOn(t, true) })
}

func goesOn(t *testing.T, verbatim bool) {
	up := NewUpTrack(UpConfig{Kind: Audio, Codec: Opus})
	rec := &recorder{}
	d := NewDownTrack(DownConfig{Kind: Audio, Sink: rec, Verbatim: verbatim})
	d.Switch(up)
	say := func(sn uint16) {
		up.Write(&Packet{SequenceNumber: sn, Timestamp: uint32(sn) * 960, Payload: []byte("opus"), AudioLevel: 20})
	}
	say(1)
	say(2)
	up.Bar(true)
	for sn := uint16(3); sn < 900; sn++ {
		say(sn)
	}
	up.Bar(false)
	say(900)
	say(901)
	got := rec.take()
	if len(got) != 4 {
		t.Fatalf("%d packets", len(got))
	}
	for i, p := range got {
		if p.SequenceNumber != got[0].SequenceNumber+uint16(i) {
			t.Errorf("packet %d has number %d after %d", i, p.SequenceNumber, got[0].SequenceNumber)
		}
	}
	if gap := got[2].Timestamp - got[1].Timestamp; gap < 960 {
		t.Errorf("the clock went on by %d", gap)
	}
}
