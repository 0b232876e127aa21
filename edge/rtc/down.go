package rtc

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"github.com/meridian-video/meridian/edge/sfu"
)

// down is a slot, and the Sink of its DownTrack.
type down struct {
	t              *Transport
	mid            string
	kind           sfu.Kind
	ssrc           uint32
	payloads       [codecCount]payloadFormat // by codec; payload type 0: not negotiated
	ext            extensions
	mixed          bool // the client takes one-byte and two-byte extensions
	track          *sfu.DownTrack
	packets, bytes atomic.Uint64
	rtx            rtx

	// What seals packets belongs to the caller of Send, of whom there is one
	// at a time.
	out    *srtp.Context
	sealed rtp.Header
	plain  []byte
	cipher []byte
	sent   *sent

	mu      sync.Mutex // guards what reports say
	reports [8]sentReport
	next    int
	lost    uint8 // fraction of 256
	rtt     time.Duration
}

// sentReport remembers a sender report for the round trip.
type sentReport struct {
	id uint32 // middle bits of its NTP time
	at time.Duration
}

func newDown(t *Transport, s *section, mixed bool) *down {
	d := &down{
		t: t, mid: s.mid, kind: s.kind, ext: s.ext, mixed: mixed,
		ssrc: random32() | 1, // never 0
	}
	for _, p := range s.payloads {
		d.payloads[p.codec] = p
	}
	d.rtx.init(s.payloads)
	d.track = sfu.NewDownTrack(sfu.DownConfig{
		Kind: s.kind, Codecs: s.payloads.codecs(), Sink: d, Now: t.engine.cfg.Now, Metrics: t.engine.cfg.SFU,
	})
	return d
}

// ready makes what Send needs at its first packet: an unused slot costs
// nothing.
func (d *down) ready() bool {
	if d.out != nil {
		return true
	}
	k := d.t.keys.Load()
	if k == nil {
		return false
	}
	out, err := k.sender()
	if err != nil {
		return false
	}
	d.out, d.sent = out, &sent{}
	d.plain, d.cipher = make([]byte, 0, maxPacket), make([]byte, 0, maxPacket+64)
	return true
}

// Send implements sfu.Sink.
func (d *down) Send(p *sfu.Packet, _ sfu.Batch) {
	if !d.ready() || len(p.Payload)+maxHeader > maxPacket {
		d.t.engine.metrics.unready.Inc()
		return
	}
	as := d.payload(p.Codec)
	if as.pt == 0 {
		d.t.engine.metrics.unknownCodec.Inc()
		return
	}
	if p.Resent && as.rtx != 0 {
		if !d.repair(p, as.rtx) {
			d.t.engine.metrics.unready.Inc()
		}
		return
	}
	d.plain = d.appendHeader(d.plain[:0], heading{ssrc: d.ssrc, seq: p.SequenceNumber, pt: as.pt}, p)
	d.plain = append(d.plain, p.Payload...)
	d.stamp(d.plain)
	if !d.sent.same(p.SequenceNumber, d.plain) {
		d.t.engine.metrics.mismatched.Inc()
		return
	}
	sealed, err := d.out.EncryptRTP(d.cipher[:0], d.plain, &d.sealed)
	if err != nil || !d.t.write(sealed) {
		d.t.engine.metrics.unready.Inc()
		return
	}
	d.count(len(d.plain))
}

// maxHeader bounds what is put before a payload, in bytes: the header, an
// original number, and extensions up to a descriptor of 255 bytes.
const maxHeader = 320

// payload is how packets of a codec are sent; NoCodec is the source's own.
func (d *down) payload(c sfu.Codec) *payloadFormat {
	if c == sfu.NoCodec {
		if u := d.track.Source(); u != nil {
			c = u.Codec()
		}
	}
	return &d.payloads[min(int(c), codecCount-1)]
}

// count notes a packet of n bytes that was sent.
func (d *down) count(n int) {
	d.packets.Add(1)
	d.bytes.Add(uint64(n))
	d.t.counts.packetsOut.Add(1)
	d.t.counts.bytesOut.Add(uint64(n))
	d.t.engine.metrics.out.packets.Inc()
	d.t.engine.metrics.out.bytes.Add(float64(n))
}

// SendReport implements sfu.Sink.
func (d *down) SendReport(r sfu.Report) {
	d.mu.Lock()
	d.reports[d.next%len(d.reports)] = sentReport{uint32(r.NTP >> 16), d.t.engine.cfg.Now()}
	d.next++
	d.mu.Unlock()
	d.t.sendRTCP(
		&rtcp.SenderReport{SSRC: d.ssrc, NTPTime: r.NTP, RTPTime: r.RTP, PacketCount: r.Packets, OctetCount: r.Octets},
		rtcp.NewCNAMESourceDescription(d.ssrc, d.t.cname),
	)
}

// received takes the client's report on the slot.
func (d *down) received(r *rtcp.ReceptionReport, now time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lost = r.FractionLost
	if r.LastSenderReport == 0 {
		return
	}
	for _, s := range d.reports {
		if s.id != r.LastSenderReport {
			continue
		}
		held := time.Duration(float64(r.Delay) / 65536 * float64(time.Second))
		if rtt := now - s.at - held; rtt >= 0 && rtt < time.Minute {
			d.rtt = rtt
			d.t.rtt.Store(int64(rtt))
			d.track.SetRTT(rtt)
			for _, u := range d.t.routes.Load().ups {
				u.track.SetRTT(rtt)
			}
		}
		return
	}
}
