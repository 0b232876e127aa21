package rtc

import (
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"github.com/meridian-video/meridian/edge/sfu"
)

// hostile does all at once to a transport that costs it memory: sources,
// NACKs, feedback about nothing, and packets that nobody acknowledges.
func hostile(t *testing.T, tr *Transport, up *sfu.UpTrack) {
	t.Helper()
	out, in := contexts(t)
	r := &tr.door.reader
	r.in = in
	for i := range uint32(maxMet) {
		sealed, err := out.EncryptRTCP(nil, compound(t, &rtcp.ReceiverReport{SSRC: i}), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.open(sealed)
	}
	for _, d := range tr.downs {
		if d.kind == sfu.Video {
			d.track.Switch(up)
		}
		for range 20 {
			nack := nackOf(500)
			nack.MediaSSRC = d.ssrc
			tr.control(compound(t, nack, receiptsOf(65535)))
		}
	}
	for i := range 20_000 {
		tr.egress.number(1200, time.Duration(i)*time.Microsecond)
	}
	for range 200 {
		tr.record(append([]byte{22, 254, 253, 0, 1}, make([]byte, 1200)...))
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestMemoryIsBounded(t *testing.T) {
	const clients = 50
	e := newEngine(t)
	up := sfu.NewUpTrack(sfu.UpConfig{Kind: sfu.Video, Codec: sfu.VP8})
	defer up.Close()
	offer := load(t, "chromium-17.sdp")
	before := heap()
	var all []*Transport
	for range clients {
		tr, err := e.Accept(t.Context(), Offer{SDP: offer})
		if err != nil {
			t.Fatal(err)
		}
		hostile(t, tr, up)
		all = append(all, tr)
	}
	for i := range 500 {
		payload := frame(i == 0)[:100+rand.IntN(1000)]
		up.Write(&sfu.Packet{SequenceNumber: uint16(i), Timestamp: uint32(i), Payload: payload, Codec: sfu.VP8})
	}
	held, bound := heap()-before, clients*transportMemory+slotMemory*len(all[0].downs)*clients
	t.Logf("%d KiB a transport of %d slots, of %d", held/clients>>10, len(all[0].downs), bound/clients>>10)
	if held > uint64(bound) {
		t.Errorf("%d transports hold %d KiB, the bound is %d", clients, held>>10, bound>>10)
	}
	runtime.KeepAlive(all)
}

func TestMemoryBoundFollowsTransports(t *testing.T) {
	tr := idle(t, "chromium-17.sdp")
	if got, want := tr.engine.memory(), transportMemory+slotMemory*len(tr.downs); got != want {
		t.Errorf("one transport: %d bytes, want %d", got, want)
	}
	tr.Close(nil)
	wait(t, tr.Done(), "end")
	until(t, "no memory without transports", func() bool { return tr.engine.memory() == 0 })
}
