package rtc

import (
	"net/netip"
	"time"

	"github.com/pion/ice/v4"

	"github.com/meridian-video/meridian/edge/sfu"
)

// Stats is what a transport has counted since it began.
type Stats struct {
	// ICE is the state in the words of the W3C's RTCIceTransportState.
	ICE string
	// Remote is the kind of the client's address: "host", "prflx", "relay"
	// where Config.Relayed says so, or empty before a pair is selected.
	Remote string
	// Protocol is "udp" or "tcp", by which packets go to the client; empty
	// before a pair is selected.
	Protocol string
	// RTT is the latest round trip that any slot's receiver reports gave;
	// zero while unknown.
	RTT time.Duration
	// Packets and Bytes are of RTP without SRTP's overhead.
	PacketsIn, PacketsOut uint64
	BytesIn, BytesOut     uint64
	Ups                   []UpStats
	Downs                 []DownStats
}

// UpStats is what arrived in one section, over all of its encodings.
type UpStats struct {
	MID     string
	Kind    sfu.Kind
	Packets uint64 // without those of RTX
	Bytes   uint64
	// Repaired counts packets of RTX, with which clients also probe.
	Repaired uint64
	// Lost is expected minus received (RFC 3550 section 6.4.1): what came by
	// RTX counts as lost, what was repeated in its own stream does not.
	// Negative when duplicates prevail.
	Lost int64
	// Jitter is of the encoding that has most.
	Jitter time.Duration
}

// DownStats is what left through one slot.
type DownStats struct {
	MID     string
	Kind    sfu.Kind
	Packets uint64
	Bytes   uint64
	// FractionLost is of the client's latest receiver report, 0 to 1.
	FractionLost float64
	// Expected and Lost are how many packets the same report expects and
	// misses since its beginning, but for a constant in Expected (RFC 3550
	// section 6.4.1). Lost falls when packets come late.
	Expected, Lost int64
	Jitter         time.Duration // of the same report
	RTT            time.Duration
}

// Stats returns the counts so far.
func (t *Transport) Stats() Stats {
	s := Stats{
		ICE: t.iceState(), Remote: t.remoteKind(), Protocol: t.protocol(), RTT: time.Duration(t.rtt.Load()),
		PacketsIn: t.counts.packetsIn.Load(), PacketsOut: t.counts.packetsOut.Load(),
		BytesIn: t.counts.bytesIn.Load(), BytesOut: t.counts.bytesOut.Load(),
	}
	t.mu.Lock()
	ups, downs := t.ups, t.downs
	t.mu.Unlock()
	for _, u := range ups {
		s.Ups = append(s.Ups, u.stats())
	}
	for _, d := range downs {
		s.Downs = append(s.Downs, d.stats())
	}
	return s
}

func (u *up) stats() UpStats {
	s := UpStats{MID: u.mid, Kind: u.kind, Bytes: u.bytes.Load()}
	rate := float64(u.payloads[0].codec.ClockRate())
	for i := range u.encodings {
		media, repair := u.encodings[i].media.snapshot(), u.encodings[i].repair.snapshot()
		s.Packets += uint64(media.received)
		s.Repaired += uint64(repair.received)
		s.Lost += media.lost()
		s.Jitter = max(s.Jitter, time.Duration(media.jitter/rate*float64(time.Second)))
	}
	return s
}

func (d *down) stats() DownStats {
	s := DownStats{MID: d.mid, Kind: d.kind, Packets: d.packets.Load(), Bytes: d.bytes.Load()}
	rate := time.Duration(sfu.Opus.ClockRate())
	if d.kind == sfu.Video {
		rate = time.Duration(sfu.VP8.ClockRate())
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	r := &d.latest
	s.FractionLost, s.RTT = float64(r.FractionLost)/256, d.rtt
	s.Expected, s.Lost = int64(r.LastSequenceNumber), int64(int32(r.TotalLost<<8)>>8)
	s.Jitter = time.Duration(r.Jitter) * time.Second / rate
	return s
}

func (t *Transport) iceState() string {
	switch {
	case t.ctx.Err() != nil:
		return "closed"
	case t.conn.Load() == nil:
		return "new"
	case !t.pair.Load():
		return "checking"
	}
	return "connected"
}

func (t *Transport) protocol() string {
	switch p := t.peer.Load(); {
	case p == nil:
		return ""
	case p.stream != nil:
		return "tcp"
	}
	return "udp"
}

func (t *Transport) remoteKind() string {
	pair, err := t.agent.GetSelectedCandidatePair()
	if err != nil || pair == nil {
		return ""
	}
	if addr, err := netip.ParseAddr(pair.Remote.Address()); err == nil && t.engine.cfg.Relayed != nil &&
		t.engine.cfg.Relayed(netip.AddrPortFrom(addr.Unmap(), uint16(pair.Remote.Port()))) {
		return "relay"
	}
	if pair.Remote.Type() == ice.CandidateTypeHost {
		return "host"
	}
	return "prflx"
}
