package rtc

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"

	"github.com/meridian-video/meridian/edge/sfu"
)

// down is a slot, and the Sink of its DownTrack.
type down struct {
	t                *Transport
	mid              string
	kind             sfu.Kind
	pt               uint8
	ssrc             uint32
	midExt, levelExt uint8
	track            *sfu.DownTrack
	packets, bytes   atomic.Uint64

	// What seals packets belongs to the caller of Send, of whom there is one
	// at a time.
	out *outbound

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

func newDown(t *Transport, s *section) *down {
	d := &down{
		t: t, mid: s.mid, kind: s.kind, pt: s.pt, midExt: s.midExt,
		ssrc: random32() | 1, // never 0
	}
	if s.kind == sfu.Audio {
		d.levelExt = s.levelExt
	}
	d.track = sfu.NewDownTrack(sfu.DownConfig{
		Kind: s.kind, Sink: d, Now: t.engine.cfg.Now, Metrics: t.engine.cfg.SFU,
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
	out, err := newOutbound(k, true)
	if err != nil {
		return false
	}
	d.out = out
	return true
}

// Send implements sfu.Sink.
func (d *down) Send(p *sfu.Packet, b sfu.Batch) {
	to := d.t.peer.Load()
	if to == nil || len(p.Payload)+64 > maxPacket || !d.ready() {
		d.t.engine.metrics.unready.Inc()
		return
	}
	out, ours := b.(*batch)
	if !ours || out.mux != d.t.engine.mux {
		out = &batch{mux: d.t.engine.mux}
		defer out.Flush()
	}
	plain := d.appendHeader(out.room(), p)
	header := len(plain)
	plain = append(plain, p.Payload...)
	if err := out.put(d.out, plain, header, to); err != nil {
		d.t.engine.metrics.mismatched.Inc()
		return
	}
	n := uint64(len(plain))
	d.packets.Add(1)
	d.bytes.Add(n)
	d.t.counts.packetsOut.Add(1)
	d.t.counts.bytesOut.Add(n)
}

// appendHeader writes the RTP header with one-byte extensions (RFC 8285).
func (d *down) appendHeader(b []byte, p *sfu.Packet) []byte {
	b = append(b, 0x80, d.pt)
	if p.Marker {
		b[1] |= 0x80
	}
	b = binary.BigEndian.AppendUint16(b, p.SequenceNumber)
	b = binary.BigEndian.AppendUint32(b, p.Timestamp)
	b = binary.BigEndian.AppendUint32(b, d.ssrc)
	level := d.levelExt != 0 && p.AudioLevel <= 127
	if d.midExt == 0 && !level {
		return b
	}
	b[0] |= 0x10
	b = append(b, 0xbe, 0xde, 0, 0)
	start := len(b)
	if d.midExt != 0 {
		b = append(b, d.midExt<<4|uint8(len(d.mid)-1))
		b = append(b, d.mid...)
	}
	if level {
		b = append(b, d.levelExt<<4, p.AudioLevel)
	}
	for (len(b)-start)%4 != 0 {
		b = append(b, 0)
	}
	b[start-1] = uint8((len(b) - start) / 4)
	return b
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
