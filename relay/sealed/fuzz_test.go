package sealed

import (
	"testing"
	"time"

	"github.com/meridian-video/meridian/relay/wire"
)

type nobody struct{}

func (nobody) Media(alias uint32, p *wire.Media) {
	if !p.Fits() || alias > wire.MaxAlias {
		panic("a packet that cannot be")
	}
}

// FuzzTake is what anyone on the network can send.
func FuzzTake(f *testing.F) {
	s := newSealer(there)
	f.Add(sealOne(&s, "not long enough"))
	f.Add([]byte{8, 0, 0, 0})
	f.Add(make([]byte, FullSize))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := NewReceiver(there, nobody{})
		if _, err := r.Take(0, b); err == nil && len(b) < overhead+clockSize {
			t.Error("took too little")
		}
	})
}

// FuzzOpened is what a member that went mad can send: any content, well sealed. The
// script is a run of datagrams, each with a kind and a length before it.
func FuzzOpened(f *testing.F) {
	p := newPair(0)
	m := wire.Media{Payload: make([]byte, 500)}
	for range 3 {
		p.near.send.Add(0, 1, &m, true)
	}
	var w Wave
	p.near.send.Flush(0)
	p.near.send.Poll(0, 1<<20, &w)
	p.near.send.Poll(groupTime, 1<<20, &w)
	var script []byte
	o := newOpener(there)
	at := 0
	for _, size := range w.Sizes {
		kind, _, plain, err := o.open(w.Buf[at : at+size])
		if err != nil {
			f.Fatal(err)
		}
		at += size
		body := plain[clockSize:]
		script = append(script, byte(kind), byte(len(body)>>8), byte(len(body)))
		script = append(script, body...)
	}
	f.Add(script)
	var r receipt
	r.ask(1)
	b := appendReceipt(nil, &r)
	f.Add(append([]byte{byte(KindReceipt), 0, byte(len(b))}, b...))
	f.Add([]byte{byte(KindProbe), 0, 6, 0, 0, 0, 0, 0, 9, byte(KindProbe), 0, 6, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{byte(KindParity), 0, 12, 0, 0, 0, 0, 0, 1, 1, 0, 0, 4, 0, 0, 1})
	f.Fuzz(func(t *testing.T, script []byte) {
		s, receiver, sender := newSealer(there), NewReceiver(there, nobody{}), NewSender(back)
		var w Wave
		now := time.Duration(0)
		for len(script) >= 3 {
			kind, n := Kind(script[0]&kindMask), int(script[1]&7)<<8|int(script[2])
			n = min(n, len(script)-3)
			b := s.end(append(s.begin(nil, kind, now), script[3:3+n]...), 0)
			script = script[3+n:]
			answered, _ := receiver.Take(now, b)
			if answered {
				sender.Take(now, receiver)
			}
			if receiver.Report(now, 0) {
				sender.Answer(receiver)
			}
			w.Reset()
			sender.Poll(now, 1<<20, &w)
			if len(w.Sizes) > maxGap+10 || len(receiver.gaps.list) > shelfSize+maxGap {
				t.Fatalf("%d datagrams, %d gaps", len(w.Sizes), len(receiver.gaps.list))
			}
			now += 7 * time.Millisecond
		}
	})
}
