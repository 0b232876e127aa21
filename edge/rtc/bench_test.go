package rtc

import (
	"testing"

	"github.com/pion/webrtc/v4"

	"github.com/meridian-video/meridian/edge/sfu"
)

// BenchmarkSend seals a 1,150-byte packet and writes it to a connected
// client's pair: as it is, with a transport-wide number, and as a
// retransmission.
func BenchmarkSend(b *testing.B) {
	for _, test := range []struct {
		name   string
		codec  clientCodec
		resent bool
	}{{"plain", plainVP8, false}, {"numbered", vp8, false}, {"rtx", vp8, true}} {
		b.Run(test.name, func(b *testing.B) {
			d := slotOf(b, test.codec)
			p := sfu.Packet{Codec: sfu.VP8, Payload: make([]byte, 1150), AudioLevel: sfu.NoAudioLevel, Resent: test.resent}
			b.ReportAllocs()
			for b.Loop() {
				p.SequenceNumber++
				d.Send(&p, nil)
			}
		})
	}
}

// slotOf is the slot of a connected client that knows one codec.
func slotOf(b *testing.B, codec clientCodec) *down {
	b.Helper()
	e, err := New(Config{Media: listenUDP(b)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = e.Close() })
	c := newClient(b, codec)
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
	return c.transport.downs[0]
}
