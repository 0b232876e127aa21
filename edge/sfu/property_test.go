package sfu

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/meridian-video/meridian/edge/sfu/codec"
)

// network delays, loses, repeats and reorders the packets of one camera.
type network struct {
	*scene
	held   []held          // delayed
	hidden map[uint32]bool // padding; true if it came in order
	top    uint32          // one above the highest packet written
	frames int
}

func (n *network) step(t *rapid.T) {
	if n.cam.in == 0 {
		n.cam.perFrame = rapid.IntRange(1, 5).Draw(t, "packets")
		n.cam.key = n.frames == 0 || rapid.IntRange(0, 3).Draw(t, "key") == 0
		n.frames++
	}
	id := n.cam.n
	p := n.cam.next(n.at)
	if n.cam.in != 1 && rapid.IntRange(0, 7).Draw(t, "padding") == 0 {
		p.Payload = nil
		n.hidden[id] = false
	}
	switch rapid.IntRange(0, 15).Draw(t, "fate") {
	case 0: // lost
	case 1, 2, 4:
		n.held = append(n.held, held{p, id})
	case 3:
		n.write(p, id)
		n.write(p, id)
	default:
		n.write(p, id)
	}
	if len(n.held) > 0 && rapid.IntRange(0, 3).Draw(t, "release") == 0 {
		i := rapid.IntRange(0, len(n.held)-1).Draw(t, "which")
		n.write(n.held[i].p, n.held[i].id)
		n.held = slices.Delete(n.held, i, i+1)
	}
}

type held struct {
	p  *Packet
	id uint32
}

func (n *network) write(p *Packet, id uint32) {
	if id >= n.top {
		n.top = id + 1
		if len(p.Payload) == 0 {
			n.hidden[id] = true
		}
	}
	p.Arrival = n.at
	n.up.Write(p)
}

// unwrapped extends the sequence numbers of packets in the order sent.
func unwrapped(packets []sent) []int {
	out := make([]int, len(packets))
	high := 0
	for i, p := range packets {
		if i == 0 {
			high = int(p.SequenceNumber)
		}
		out[i] = high + int(int16(p.SequenceNumber-uint16(high)))
		high = max(high, out[i])
	}
	return out
}

// Whatever the network does and whoever the slot shows, the subscriber sees
// one stream: nothing numbered twice, no hole that is not the source's, ids
// and timestamps that only grow, a keyframe after each switch, and answers to
// NACKs that equal what was sent.
func TestSlotIsOneStream(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clock := &clockwork{at: time.Second}
		d, rec := newDown(clock)
		sources := make([]*network, 3)
		for i := range sources {
			id := byte(i + 1)
			ask := &asker{}
			up := NewUpTrack(UpConfig{
				Kind: Video, Codec: VP8, Upstream: ask, Now: clock.now,
			})
			cam := &camera{
				id: id, sn: rapid.Uint16().Draw(t, "sn"), ts: rapid.Uint32().Draw(t, "ts"),
				pid: rapid.Uint16Range(0, 0x7fff).Draw(t, "pid"), tl0: rapid.Byte().Draw(t, "tl0"),
			}
			sources[i] = &network{
				scene: &scene{clock, up, ask, cam}, hidden: map[uint32]bool{},
			}
		}
		var starts []int // indexes in rec where something new begins
		for range rapid.IntRange(200, 500).Draw(t, "steps") {
			switch rapid.IntRange(0, 59).Draw(t, "do") {
			case 0:
				to := rapid.IntRange(0, 3).Draw(t, "to")
				var u *UpTrack
				if to < 3 {
					u = sources[to].up
				}
				if u != d.Source() {
					starts = append(starts, len(rec.packets))
				}
				d.Switch(u)
			case 2:
				if n := len(rec.packets); n > 0 {
					var seqs []uint16
					for range rapid.IntRange(1, 5).Draw(t, "nacks") {
						back := rapid.IntRange(0, min(n-1, 50)).Draw(t, "back")
						seqs = append(seqs, rec.packets[n-1-back].SequenceNumber+
							rapid.Uint16Range(0, 2).Draw(t, "off"))
					}
					d.Retransmit(seqs)
				}
			case 3:
				d.KeyframeRequest()
			case 4, 5:
				clock.at += time.Duration(rapid.IntRange(1, 700).Draw(t, "ms")) * ms
				for _, s := range sources {
					s.up.Tick(clock.at)
				}
			default:
				clock.at += 3 * ms
				shown := sources[rapid.IntRange(0, 2).Draw(t, "source")]
				for _, s := range sources { // mostly the one that is shown
					if s.up == d.Source() && rapid.Bool().Draw(t, "shown") {
						shown = s
					}
				}
				shown.step(t)
			}
		}
		checkStream(t, rec.packets, starts, sources)
	})
}

// seen is a packet as the subscriber orders it.
type seen struct {
	sent
	sn     int
	source byte
	ext    uint32
}

func checkStream(t *rapid.T, packets []sent, starts []int, sources []*network) {
	first := map[int]seen{} // by number
	segment := 0
	var segments [][]seen
	cut := map[int]bool{}
	for _, s := range starts {
		cut[s] = true
	}
	numbers := unwrapped(packets)
	for i, p := range packets {
		if cut[i] {
			segment = len(segments)
		}
		source, ext := tag(p)
		x := seen{p, numbers[i], source, ext}
		if p.Resent {
			if o, ok := first[x.sn]; ok {
				if o.Timestamp != p.Timestamp || o.Marker != p.Marker || !bytes.Equal(o.payload, p.payload) {
					t.Fatalf("number %d was resent with other content", x.sn)
				}
				continue
			}
			t.Fatalf("number %d was resent before it was sent", x.sn)
		}
		if o, ok := first[x.sn]; ok {
			t.Fatalf("number %d is used for %d/%d and %d/%d", x.sn, o.source, o.ext, source, ext)
		}
		first[x.sn] = x
		if segment == len(segments) {
			segments = append(segments, nil)
		}
		segments[segment] = append(segments[segment], x)
	}
	for i, seg := range segments {
		if v, ok := codec.ParseVP8(seg[0].payload); !ok || !v.Key {
			t.Fatalf("segment %d does not begin with a keyframe", i)
		}
		slices.SortFunc(seg, func(a, b seen) int { return cmp.Compare(a.sn, b.sn) })
		if i > 0 {
			prev := segments[i-1]
			if last := prev[len(prev)-1]; seg[0].sn != last.sn+1 {
				t.Fatalf("segment %d begins with %d after %d", i, seg[0].sn, last.sn)
			}
		}
		checkSegment(t, seg, sources[seg[0].source-1])
	}
	checkIDs(t, slices.SortedFunc(maps.Values(first), func(a, b seen) int { return cmp.Compare(a.sn, b.sn) }))
}

// checkSegment compares a run of one source with what the source sent.
func checkSegment(t *rapid.T, seg []seen, n *network) {
	for i := 1; i < len(seg); i++ {
		a, b := seg[i-1], seg[i]
		if a.source != b.source || b.ext <= a.ext {
			t.Fatalf("%d/%d has the number after %d/%d", b.source, b.ext, a.source, a.ext)
		}
		// Between two packets lie as many numbers as packets of the
		// source that did not come; padding has none if it came in
		// order, and may have one otherwise.
		hidden, inOrder := 0, 0
		for e := a.ext + 1; e < b.ext; e++ {
			if ordered, ok := n.hidden[e]; ok {
				hidden++
				if ordered {
					inOrder++
				}
			}
		}
		skipped, holes := int(b.ext-a.ext)-1, b.sn-a.sn-1
		if holes > skipped-inOrder || holes < skipped-hidden {
			t.Fatalf("%d holes between %d and %d, which lost %d, %d of them padding, %d in order",
				holes, a.ext, b.ext, skipped, hidden, inOrder)
		}
	}
}

// checkIDs wants ids and timestamps that only grow.
func checkIDs(t *rapid.T, all []seen) {
	for i := 1; i < len(all); i++ {
		a, b := all[i-1], all[i]
		v, _ := codec.ParseVP8(a.payload)
		w, _ := codec.ParseVP8(b.payload)
		if d := int16((w.PictureID-v.PictureID)<<1) >> 1; d < 0 || (d == 0) != (a.Timestamp == b.Timestamp) {
			t.Fatalf("picture id %d after %d, timestamp %d after %d", w.PictureID, v.PictureID, b.Timestamp, a.Timestamp)
		}
		if d := int8(w.TL0 - v.TL0); d < 0 {
			t.Fatalf("TL0PICIDX %d after %d", w.TL0, v.TL0)
		}
		if d := int32(b.Timestamp - a.Timestamp); d < 0 {
			t.Fatalf("timestamp %d after %d", b.Timestamp, a.Timestamp)
		}
	}
}

// The munger alone, against a model that keeps every number it gave.
func TestMungerInverts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m munger
		ext := uint64(1)<<32 | uint64(rapid.Uint16().Draw(t, "first"))
		m.begin(ext, 0)
		given := map[uint64]uint64{} // slot to source
		base := m.sn
		lastSlot, holes := base, uint64(0)
		drops := 0
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			switch rapid.IntRange(0, 4).Draw(t, "do") {
			case 0:
				m.drop(ext)
				drops++
			case 1:
				holes++
			default:
				sn := ext - m.place(ext).delta
				if given[sn] != 0 || sn != lastSlot+1+holes {
					t.Fatalf("%d became %d after %d and %d holes", ext, sn, lastSlot, holes)
				}
				m.sent(ext, sn, 0, false, 0)
				given[sn], lastSlot, holes = ext, sn, 0
			}
			ext++
		}
		for sn, want := range given {
			gotSN, got, ok := m.source(uint16(sn))
			if ok && (got != want || gotSN != sn) || !ok && drops < maxRanges {
				t.Fatalf("number %d comes from %d, got %d, %v", sn, want, got, ok)
			}
		}
		if _, _, ok := m.source(uint16(base)); ok {
			t.Fatal("a number of before the source was placed")
		}
		if _, _, ok := m.source(uint16(m.sn + 1)); ok {
			t.Fatal("a number of the future was placed")
		}
	})
}
