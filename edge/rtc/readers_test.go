package rtc

import (
	"net"
	"net/netip"
	"sync"
	"testing"

	"github.com/meridian-video/meridian/edge/sfu"
)

// tally is a sink that counts by number.
type tally map[uint16]int

func (c tally) Send(p *sfu.Packet, _ sfu.Batch) { c[p.SequenceNumber]++ }
func (c tally) SendReport(sfu.Report)           {}

// TestAClientAtTwoReaders has one client's packets come to two readers at
// once: each is taken once, by one of them at a time.
func TestAClientAtTwoReaders(t *testing.T) {
	const packets = 1000 // within the replay window, whatever their order
	halls := newHalls(2)
	e := engineIn(t, halls)
	v := visit(t, e, halls[0], 0, "whip.sdp")
	moved := netip.AddrPortFrom(v.at.Addr(), v.at.Port()+1)
	v.prove(t, halls[1], moved)
	seen := tally{}
	slot := sfu.NewDownTrack(sfu.DownConfig{Kind: sfu.Video, Codecs: sfu.Codecs(sfu.VP8), Sink: seen})
	track := upOf(t, v.transport, sfu.Video)
	slot.Switch(track)
	var wg sync.WaitGroup
	for i, at := range []netip.AddrPort{v.at, moved} {
		var mine [][]byte
		for n := range packets / 2 {
			mine = append(mine, v.picture(t, 2*n+i))
		}
		wg.Go(func() {
			for _, b := range mine {
				halls[i].say(b, at)
				halls[i].say(b, at)
				halls[1-i].say(b, at)
			}
		})
	}
	wg.Wait()
	until(t, "all packets", func() bool { return v.transport.Stats().PacketsIn == packets })
	if n := v.transport.Stats().Ups[1].Packets; n != packets {
		t.Errorf("%d packets were counted", n)
	}
	_ = e.Close() // from here on seen is ours
	if len(seen) == 0 {
		t.Error("nothing was forwarded")
	}
	for seq, n := range seen {
		if n != 1 {
			t.Errorf("number %d went out %d times", seq, n)
		}
	}
}

// TestWhatIsSentLeavesByTheClientsSocket: otherwise readers would wait for
// each other.
func TestWhatIsSentLeavesByTheClientsSocket(t *testing.T) {
	halls := newHalls(3)
	e := engineIn(t, halls)
	v := visit(t, e, halls[0], 0, "whip.sdp")
	for i, h := range []*hall{halls[2], halls[0], halls[1]} {
		at := netip.AddrPortFrom(v.at.Addr(), v.at.Port()+uint16(1+i))
		v.prove(t, h, at)
		h.say(v.picture(t, i), at)
		until(t, "the client at another reader", func() bool { return v.transport.door.socket.Load().media == h })
		before := h.sent.Load()
		if !v.transport.write([]byte{1}) || h.sent.Load() == before {
			t.Error("a single packet left elsewhere")
		}
		if b := v.transport.door.batch(); b.room() == nil || b.socket.media != h {
			t.Error("a wave leaves elsewhere")
		}
	}
}

// TestBatchesWithoutAClientSpread: links have no socket of their own.
func TestBatchesWithoutAClientSpread(t *testing.T) {
	halls := newHalls(3)
	e := engineIn(t, halls)
	used := map[*socket]int{}
	for range 9 {
		b := e.NewBatch().(*batch)
		b.room()
		used[b.socket]++
	}
	for _, s := range e.mux.sockets {
		if used[s] != 3 {
			t.Errorf("%d of 9 batches on a socket", used[s])
		}
	}
}

// TestReadersMeetAtOneClient has publishers at several readers send to slots
// of one client: numbers of each slot, and those of the whole transport, have
// neither holes nor repetitions.
func TestReadersMeetAtOneClient(t *testing.T) {
	const packets = 300
	halls := newHalls(4)
	e := engineIn(t, halls)
	viewer := visit(t, e, halls[0], 0, "chromium-17.sdp")
	slots := viewer.transport.routes.Load().slots
	id := slots[0].ext[extCongestion].id
	viewer.transport.egress.mu.Lock()
	viewer.transport.egress.known = false // no probes: they have numbers too
	viewer.transport.egress.mu.Unlock()
	var wg sync.WaitGroup
	for i, h := range halls {
		v := visit(t, e, h, 1+i, "whip.sdp")
		slots[i].track.Switch(upOf(t, v.transport, sfu.Video))
		wg.Go(func() {
			for n := range packets {
				v.say(v.picture(t, n), v.at)
			}
		})
	}
	wg.Wait()
	until(t, "all packets", func() bool { return viewer.heard() >= packets*len(halls) })
	next, numbers := map[uint32]uint16{}, map[uint16]bool{}
	for _, p := range viewer.open(t) {
		if want, met := next[p.SSRC]; met && p.SequenceNumber != want {
			t.Fatalf("slot %x goes on with %d, not %d", p.SSRC, p.SequenceNumber, want)
		}
		next[p.SSRC] = p.SequenceNumber + 1
		x := p.GetExtension(id)
		if len(x) != 2 || numbers[uint16(x[0])<<8|uint16(x[1])] {
			t.Fatalf("transport-wide number %x, again or none", x)
		}
		numbers[uint16(x[0])<<8|uint16(x[1])] = true
	}
	for n := range numbers {
		if int(n) >= len(numbers) {
			t.Errorf("number %d of %d", n, len(numbers))
		}
	}
	if len(next) != len(halls) {
		t.Errorf("%d slots", len(next))
	}
}

func TestSocketsOnTwoPortsAreRefused(t *testing.T) {
	a, b := listenUDP(t), listenUDP(t)
	defer a.Close()
	defer b.Close()
	if _, err := New(Config{Media: a, Beside: []net.PacketConn{b}}); err == nil {
		t.Error("two ports make one")
	}
}
