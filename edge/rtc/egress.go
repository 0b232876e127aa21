package rtc

import (
	"sync"
	"time"

	"github.com/pion/rtcp"

	"github.com/meridian-video/meridian/edge/sfu/bandwidth"
)

const (
	// probePace is the time between two bursts of padding of a probe.
	probePace = 5 * time.Millisecond
	// firstEstimate is what a path is taken to bear, in bit/s, until something
	// is known of it: the lowest layers of a gallery, or one good picture, so
	// that nobody looks at a pause first. Narrower paths are found out within
	// a second or two.
	firstEstimate = 1_500_000
	// maxReceipts are taken of one feedback: 0.8 s of 50 Mbit/s. It could speak
	// of 65,535 packets in 16 bytes.
	maxReceipts = 4096
)

// egress is the congestion control of what a transport sends: it numbers the
// packets of all slots in one sequence (draft-holmer-rmcat-transport-wide-cc-
// extensions-01), and what the client says of them goes to the estimator. Its
// methods may be called from any goroutine.
type egress struct {
	mu       sync.Mutex
	next     uint16
	known    bool // the client reports on some section
	cap      int  // the client's own estimate, in bit/s; 0: none
	estimate *bandwidth.Estimator
	receipts []bandwidth.Receipt
	probing  bool
	cluster  uint8 // what is sent now counts for it; 0: for none
}

func (e *egress) init() {
	e.estimate = bandwidth.New(bandwidth.Config{Initial: firstEstimate, Pace: probePace})
}

// reports says that the client reports on what it is sent.
func (e *egress) reports() {
	e.mu.Lock()
	e.known = true
	e.mu.Unlock()
}

// number takes the transport-wide number of a packet of size bytes, the
// header included, that is sent now.
func (e *egress) number(size int, now time.Duration) uint16 {
	e.mu.Lock()
	defer e.mu.Unlock()
	seq := e.next
	e.next++
	e.estimate.Sent(seq, size, now, e.cluster)
	return seq
}

// feedback takes the client's report of what has arrived.
func (e *egress) feedback(r *rtcp.TransportLayerCC, now time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.receipts = appendReceipts(e.receipts[:0], r)
	e.estimate.Feedback(now, e.receipts)
}

// lost takes the share of packets that a receiver report misses, which counts
// while nothing better comes.
func (e *egress) lost(fraction uint8, now time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.estimate.Report(now, float64(fraction)/256)
}

// capped takes the client's own estimate (draft-alvestrand-rmcat-remb-03) in
// bit/s.
func (e *egress) capped(bitrate float32) {
	if bitrate >= 1 && bitrate < 1e12 {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.cap = int(bitrate)
		e.estimate.SetCap(e.cap)
	}
}

// tick does what is due and returns the probe to send, if any.
func (e *egress) tick(now, rtt time.Duration) (c bandwidth.Cluster, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.known {
		return c, false
	}
	e.estimate.SetRTT(rtt)
	e.estimate.Tick(now)
	if e.probing {
		return c, false
	}
	c, ok = e.estimate.Probe(now)
	e.probing = ok
	return c, ok
}

// probe sends a cluster: padding until media and it are enough, in bursts
// that keep to its bitrate.
func (t *Transport) probe(c bandwidth.Cluster) {
	e := &t.egress
	defer e.mark(0, false)
	ticker := time.NewTicker(probePace)
	defer ticker.Stop()
	start := t.engine.cfg.Now()
	for sent, packets := 0, 0; ; {
		e.mark(c.ID, true)
		elapsed := t.engine.cfg.Now() - start
		due := int(float64(c.Bitrate) / 8 * (elapsed + probePace).Seconds())
		for sent < due && (sent < c.Bytes || packets < c.Packets) {
			n := t.pad()
			if n == 0 {
				return
			}
			sent += n
			packets++
		}
		e.mark(0, true)
		if sent >= c.Bytes && packets >= c.Packets || elapsed > 4*c.Duration+100*time.Millisecond {
			return
		}
		select {
		case <-ticker.C:
		case <-t.ctx.Done():
			return
		}
	}
}

// silent is for how long the client has owed a report, 0 if it owes none.
func (e *egress) silent(now time.Duration) time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.estimate.Silent(now)
}

// mark says for which cluster packets are sent from now on, and whether the
// probe goes on.
func (e *egress) mark(cluster uint8, probing bool) {
	e.mu.Lock()
	e.cluster, e.probing = cluster, probing
	e.mu.Unlock()
}

// pad sends one packet of padding on the first slot that can, and returns its
// size in bytes, 0 if there is none.
func (t *Transport) pad() int {
	for _, d := range t.routes.Load().slots {
		if d.ext[extCongestion].id == 0 {
			continue
		}
		if n := d.padding(maxPadding); n > 0 {
			return n
		}
	}
	return 0
}

// Bandwidth returns how much the path to the client bears, in bit/s with all
// headers, and whether anything is known of it.
func (t *Transport) Bandwidth() (bitrate int, known bool) {
	e := &t.egress
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.known { // without reports there is only what the client says itself
		return e.cap, e.cap > 0
	}
	return e.estimate.Target(), true
}

// SetWanted says how much the client would be sent if bandwidth were no
// question, in bit/s: there is no use in probing for more.
func (t *Transport) SetWanted(bitrate int) {
	e := &t.egress
	e.mu.Lock()
	defer e.mu.Unlock()
	e.estimate.SetWanted(bitrate)
}

// appendReceipts takes transport-wide feedback apart (draft-holmer-rmcat-
// transport-wide-cc-extensions-01 section 3.1). Arrivals are on the client's
// clock, which wraps every 18 hours.
func appendReceipts(list []bandwidth.Receipt, r *rtcp.TransportLayerCC) []bandwidth.Receipt {
	at := time.Duration(r.ReferenceTime) * 64 * time.Millisecond
	seq, left, deltas := r.BaseSequenceNumber, min(int(r.PacketStatusCount), maxReceipts), r.RecvDeltas
	add := func(symbol uint16) {
		if left == 0 {
			return
		}
		left--
		got := bandwidth.Receipt{Seq: seq}
		seq++
		if symbol == rtcp.TypeTCCPacketReceivedSmallDelta || symbol == rtcp.TypeTCCPacketReceivedLargeDelta {
			if len(deltas) == 0 {
				left = 0 // cut short: the rest means nothing
				return
			}
			at += time.Duration(deltas[0].Delta) * time.Microsecond
			deltas = deltas[1:]
			got.Received, got.Arrival = true, at
		}
		list = append(list, got)
	}
	for _, chunk := range r.PacketChunks {
		switch c := chunk.(type) {
		case *rtcp.RunLengthChunk:
			for range min(int(c.RunLength), left) {
				add(c.PacketStatusSymbol)
			}
		case *rtcp.StatusVectorChunk:
			for _, symbol := range c.SymbolList {
				add(symbol)
			}
		}
	}
	return list
}
