package rtc

import (
	"io"
	"net"
	"sync"
	"testing"

	"github.com/meridian-video/meridian/edge/sfu"
)

// BenchmarkStream is BenchmarkBatch with clients on TCP. They read in the same
// process, which is in the figure.
func BenchmarkStream(b *testing.B) {
	const clients = 100
	e, err := New(Config{Media: listenUDP(b)})
	if err != nil {
		b.Fatal(err)
	}
	l := listenTCP(b)
	defer l.Close()
	var wg sync.WaitGroup
	b.Cleanup(func() { _ = e.Close(); wg.Wait() })
	var slots []*down
	for range clients {
		d := slotTo(b, e, net.UDPAddrFromAddrPort(alice))
		d.t.peer.Store(&peer{addr: net.UDPAddrFromAddrPort(alice), stream: connected(b, e, l, &wg)})
		slots = append(slots, d)
	}
	p := sfu.Packet{Codec: sfu.VP8, Payload: make([]byte, 1150), AudioLevel: sfu.NoAudioLevel}
	batch := e.NewBatch()
	b.ReportAllocs()
	before := processor(b)
	for b.Loop() {
		p.SequenceNumber++
		for _, d := range slots {
			d.Send(&p, batch)
		}
		batch.Flush()
	}
	b.ReportMetric(float64((processor(b)-before).Nanoseconds())/float64(b.N)/clients, "cpu-ns/packet")
	b.ReportMetric(float64(counted(b, e.metrics.streamFull))/float64(b.N)/clients, "lost/packet")
}

// connected is a stream whose client reads.
func connected(b *testing.B, e *Engine, l net.Listener, wg *sync.WaitGroup) *stream {
	b.Helper()
	far, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	near, err := l.Accept()
	if err != nil {
		b.Fatal(err)
	}
	boundUnsent(near, maxUnsent)
	s := newStream(near, alice, e.mux, func(*stream) {})
	wg.Go(func() { _ = s.serve() })
	wg.Go(func() { _, _ = io.Copy(io.Discard, far); _ = far.Close() })
	b.Cleanup(func() { s.end(errEnded) })
	return s
}
