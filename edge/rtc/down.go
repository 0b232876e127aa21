package rtc

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"

	"github.com/meridian-video/meridian/edge/sfu"
)

// down is a slot, and the Sink of its DownTrack.
type down struct {
	t              *Transport
	mid            string
	kind           sfu.Kind
	ssrc           uint32
	payloads       [codecCount]payloadFormat // by codec; payload type 0: not negotiated
	codecs         sfu.CodecSet
	ext            extensions
	mixed          bool // the client takes one-byte and two-byte extensions
	repeats        bool // some codec is repaired under its first numbers
	track          *sfu.DownTrack
	packets, bytes atomic.Uint64
	rtx            rtx

	// What seals packets belongs to the caller of Send, of whom there is one
	// at a time.
	out     *outbound
	capture capture

	mu      sync.Mutex // guards what reports say
	reports [8]sentReport
	next    int
	latest  rtcp.ReceptionReport // of the client
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
		ssrc:   random32() | 1, // never 0
		codecs: s.payloads.codecs(), repeats: s.payloads.repeat(),
	}
	for _, p := range s.payloads {
		d.payloads[p.codec] = p
	}
	d.rtx.init(s.payloads)
	d.track = sfu.NewDownTrack(sfu.DownConfig{
		Kind: s.kind, Codecs: d.codecs, Sink: d, Now: t.engine.cfg.Now, Metrics: t.engine.cfg.SFU,
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
	out, err := newOutbound(k, d.repeats)
	if err != nil {
		return false
	}
	d.out = out
	return true
}

// Send implements sfu.Sink.
func (d *down) Send(p *sfu.Packet, b sfu.Batch) {
	to := d.t.peer.Load()
	if to == nil || len(p.Payload)+maxHeader > maxPacket || !d.ready() {
		d.t.engine.metrics.unready.Inc()
		return
	}
	as := &d.payloads[min(int(p.Codec), codecCount-1)]
	if as.pt == 0 {
		d.t.engine.metrics.unknownCodec.Inc()
		return
	}
	out, batched := b.(*batch)
	if !batched || out.mux != d.t.engine.mux {
		out = d.t.door.batch()
		defer out.Flush()
	}
	if p.Resent && as.rtx != 0 {
		d.repair(out, to, p, as.rtx)
		return
	}
	h := heading{ssrc: d.ssrc, seq: p.SequenceNumber, pt: as.pt}
	h.taken, _ = d.capture.take(p.Timestamp)
	plain := d.appendHeader(out.room(), h, p)
	header := len(plain)
	d.emit(out, to, d.out, append(plain, p.Payload...), header)
}

// emit numbers and seals a packet, with a header of the given length, that was
// written into out's room, and adds it. It returns the packet's size in bytes,
// 0 if it may not be sent.
func (d *down) emit(out *batch, to *peer, o *outbound, plain []byte, header int) int {
	d.stamp(plain)
	if err := out.put(o, plain, header, to); err != nil {
		d.t.engine.metrics.mismatched.Inc()
		return 0
	}
	n := uint64(len(plain))
	d.packets.Add(1)
	d.bytes.Add(n)
	d.t.counts.packetsOut.Add(1)
	d.t.counts.bytesOut.Add(n)
	return len(plain)
}

// maxHeader bounds what is put before a payload, in bytes: the header, an
// original number, and extensions up to a descriptor of 255 bytes.
const maxHeader = 320

// SendReport implements sfu.Sink.
func (d *down) SendReport(r sfu.Report) {
	d.capture.learn(r, d.kind)
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
	d.latest = *r
	d.t.egress.lost(r.FractionLost, now)
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
