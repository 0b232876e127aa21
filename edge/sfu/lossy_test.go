package sfu

import (
	"bytes"
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/meridian-video/meridian/edge/sfu/codec"
	"pgregory.net/rapid"
)

// mangle loses and delays packets of a studio, and remembers of which frames.
type mangle struct {
	*studio
	late []*Packet
	hurt map[label]bool
}

func (m *mangle) step(t *rapid.T) {
	m.at += 33333 * time.Microsecond
	for i, e := range m.enc {
		key := e.picture == 0 || m.ask.keys[i] > 0
		m.ask.keys[i] = 0
		for _, p := range e.next(m.at, key) {
			switch l := frameOf(labelOf(p.Payload)); rapid.IntRange(0, 19).Draw(t, "fate") {
			case 0:
				m.hurt[l] = true
			case 1:
				m.hurt[l] = true
				m.late = append(m.late, p)
			default:
				m.up.Write(p)
			}
		}
	}
	if len(m.late) > 0 && rapid.Bool().Draw(t, "release") {
		i := rapid.IntRange(0, len(m.late)-1).Draw(t, "which")
		m.late[i].Arrival = m.at
		m.up.Write(m.late[i])
		m.late = slices.Delete(m.late, i, i+1)
	}
	m.up.Tick(m.at)
}

// frameOf is the label of a frame, for maps.
func frameOf(l label) label {
	return label{Encoding: l.Encoding, Spatial: l.Spatial, Picture: l.Picture}
}

// Under any loss, reordering and choice of layers no number is used twice, ids
// and timestamps grow with the numbers, encodings are entered by keyframes,
// and no frame comes without what it needs, unless the network took that.
func TestLayersUnderLoss(t *testing.T) {
	for _, tc := range []struct {
		codec               Codec
		encodings, spatials int
	}{{VP8, 3, 1}, {VP9, 1, 3}, {AV1, 1, 3}, {AV1, 1, 1}} {
		t.Run(tc.codec.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				m := &mangle{newStudio(tc.codec, tc.encodings, tc.spatials), nil, map[label]bool{}}
				d, rec := m.watch(0)
				for range rapid.IntRange(20, 120).Draw(t, "pictures") {
					if rapid.IntRange(0, 9).Draw(t, "turn") == 0 {
						d.SetTarget(Layer{rapid.Int8Range(-1, 2).Draw(t, "spatial"), rapid.Int8Range(0, 2).Draw(t, "temporal")})
					}
					if rapid.IntRange(0, 9).Draw(t, "nack") == 0 && len(rec.packets) > 0 {
						p := rec.packets[rapid.IntRange(0, len(rec.packets)-1).Draw(t, "which")]
						d.Retransmit([]uint16{p.SequenceNumber, p.SequenceNumber + 1})
					}
					m.step(t)
				}
				checkLossy(t, rec.packets, m)
			})
		})
	}
}

func checkLossy(t *rapid.T, packets []sent, m *mangle) {
	numbers := unwrapped(packets)
	type numbered struct {
		sent
		sn int
	}
	var all []numbered
	first := map[int]sent{}
	for i, p := range packets {
		if p.Resent {
			if o, ok := first[numbers[i]]; ok && (o.Timestamp != p.Timestamp || o.Marker != p.Marker || !bytes.Equal(o.payload, p.payload)) {
				t.Fatalf("number %d left as %+v and was resent as %+v", numbers[i], o, p)
			}
			if _, ok := first[numbers[i]]; ok {
				continue
			}
		} else if o, ok := first[numbers[i]]; ok {
			t.Fatalf("number %d is used for %+v and %+v", numbers[i], o, p)
		}
		first[numbers[i]] = p
		if len(p.payload) > 0 { // else it fills the place of what was left out
			all = append(all, numbered{p, numbers[i]})
		}
	}
	slices.SortFunc(all, func(a, b numbered) int { return cmp.Compare(a.sn, b.sn) })
	have := map[label]bool{}
	for _, p := range all {
		have[frameOf(labelOf(p.payload))] = true
	}
	for i, p := range all {
		l := labelOf(p.payload)
		for _, need := range needsOf(l) {
			if !have[need] && !m.hurt[need] && !m.hurt[frameOf(l)] && !hurtBefore(m, need) {
				t.Fatalf("%+v came without %+v", l, need)
			}
		}
		if i == 0 {
			continue
		}
		before := all[i-1]
		was := labelOf(before.payload)
		if was.Encoding != l.Encoding && (!l.Key || l.Part != 0) {
			t.Fatalf("encoding %d is entered by %+v", l.Encoding, l)
		}
		again := l.Key && l.Spatial == 0 && l.Part <= was.Part // entered from the cache a second time
		same := l.Picture == was.Picture && l.Encoding == was.Encoding && !again
		if step := int32(p.Timestamp - before.Timestamp); step < 0 || (step == 0) != same {
			t.Fatalf("%+v at %d follows %+v at %d", l, p.Timestamp, was, before.Timestamp)
		}
		if p.Codec == VP8 {
			v, _ := codec.ParseVP8(before.payload)
			w, _ := codec.ParseVP8(p.payload)
			if d := int16((w.PictureID-v.PictureID)<<1) >> 1; d < 0 || (d == 0) != (p.Timestamp == before.Timestamp) {
				t.Fatalf("picture id %d follows %d", w.PictureID, v.PictureID)
			}
		}
	}
}

// hurtBefore reports whether the network touched a frame on which the frame
// depends in turn: from there on the selector may take it for undecodable.
func hurtBefore(m *mangle, l label) bool {
	for n := uint32(1); n <= 8; n++ {
		for s := range uint8(3) {
			if m.hurt[label{Encoding: l.Encoding, Spatial: s, Picture: l.Picture - n}] || m.hurt[label{Encoding: l.Encoding, Spatial: s, Picture: l.Picture}] {
				return true
			}
		}
	}
	return false
}
