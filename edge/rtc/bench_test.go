package rtc

import (
	"testing"

	"github.com/pion/webrtc/v4"

	"github.com/meridian-video/meridian/edge/sfu"
)

// BenchmarkSend seals a 1,150-byte packet and writes it to a connected
// client's pair.
func BenchmarkSend(b *testing.B) {
	e, err := New(Config{Media: listenUDP(b)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = e.Close() })
	c := newClient(b)
	c.slots(b, webrtc.RTPCodecTypeVideo, 1)
	offer, err := c.CreateOffer(nil)
	if err != nil {
		b.Fatal(err)
	}
	if c.transport, err = e.Accept(b.Context(), Offer{SDP: offer.SDP}); err != nil {
		b.Fatal(err)
	}
	c.settle(b, offer, c.transport.Answer())
	<-c.transport.Connected()
	d := c.transport.downs[0]
	p := sfu.Packet{Codec: sfu.VP8, Payload: make([]byte, 1150), AudioLevel: sfu.NoAudioLevel}
	b.ReportAllocs()
	for b.Loop() {
		p.SequenceNumber++
		d.Send(&p, nil)
	}
}
