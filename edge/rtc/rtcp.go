package rtc

import (
	"slices"
	"sync"
	"time"

	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtcp"
)

// control takes a decrypted compound of the client to tracks. What it asks
// for is bounded by conduct, and by edge/sfu, which merges and throttles.
func (t *Transport) control(b []byte) {
	packets, err := rtcp.Unmarshal(b)
	if err != nil {
		return
	}
	now := t.engine.cfg.Now()
	r := t.routes.Load()
	for _, p := range packets {
		switch p := p.(type) {
		case *rtcp.SenderReport:
			t.reported(r, p.Reports, now)
			for _, u := range r.ups {
				u.senderReport(p, now)
			}
		case *rtcp.ReceiverReport:
			t.reported(r, p.Reports, now)
		case *rtcp.TransportLayerNack:
			if d := r.downs[p.MediaSSRC]; d != nil {
				d.track.Retransmit(expand(p.Nacks))
			}
		case *rtcp.PictureLossIndication:
			if d := r.downs[p.MediaSSRC]; d != nil {
				d.track.KeyframeRequest()
			}
		case *rtcp.FullIntraRequest:
			for _, e := range p.FIR {
				if d := r.downs[e.SSRC]; d != nil {
					d.track.KeyframeRequest()
				}
			}
		case *rtcp.TransportLayerCC:
			t.egress.feedback(p, now)
		case *rtcp.ReceiverEstimatedMaximumBitrate:
			t.egress.capped(p.Bitrate)
		}
	}
}

func (t *Transport) reported(r *routes, blocks []rtcp.ReceptionReport, now time.Duration) {
	for i := range blocks {
		if d := r.downs[blocks[i].SSRC]; d != nil {
			d.received(&blocks[i], now)
		}
	}
}

// maxNacked bounds the numbers taken of one NACK.
const maxNacked = 512

func expand(pairs []rtcp.NackPair) []uint16 {
	var seqs []uint16
	for i := range pairs {
		pairs[i].Range(func(seq uint16) bool {
			seqs = append(seqs, seq)
			return len(seqs) < maxNacked
		})
		if len(seqs) >= maxNacked {
			break
		}
	}
	return seqs
}

// sendRTCP seals and sends packets as one compound. Where the client did not
// offer reduced size (RFC 5506) an empty receiver report leads feedback.
func (t *Transport) sendRTCP(packets ...rtcp.Packet) {
	k := t.keys.Load()
	if k == nil {
		return
	}
	switch packets[0].(type) {
	case *rtcp.SenderReport, *rtcp.ReceiverReport:
	default:
		packets = append([]rtcp.Packet{&rtcp.ReceiverReport{SSRC: t.ssrc}}, packets...)
	}
	plain, err := rtcp.Marshal(packets)
	if err != nil {
		t.log.Debug("marshal RTCP", "error", err)
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	sealed, err := k.rtcp.EncryptRTCP(k.buf[:0], plain, nil)
	if err != nil {
		return
	}
	k.buf = sealed
	t.write(sealed)
}

// maxBlocks is what a receiver report's five-bit count can hold.
const maxBlocks = 31

// sendReceiverReports reports on every source that has sent since the last
// time.
func (t *Transport) sendReceiverReports(r *routes, now time.Duration) {
	var blocks []rtcp.ReceptionReport
	for _, u := range r.ups {
		blocks = u.blocks(blocks, now)
	}
	for some := range slices.Chunk(blocks, maxBlocks) {
		t.sendRTCP(&rtcp.ReceiverReport{SSRC: t.ssrc, Reports: some})
	}
}

// feedback collects arrivals for transport-wide congestion control, by which
// browsers set their encoders' rate.
type feedback struct {
	mu       sync.Mutex
	recorder *twcc.Recorder
	fresh    bool
	due      time.Duration
}

func (f *feedback) init(ssrc uint32) { f.recorder = twcc.NewRecorder(ssrc) }

func (f *feedback) record(ssrc uint32, seq uint16, now time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.recorder.Record(ssrc, seq, now.Microseconds())
	f.fresh = true
}

// take returns what is due.
func (f *feedback) take(now time.Duration) []rtcp.Packet {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.fresh || now < f.due {
		return nil
	}
	f.fresh, f.due = false, now+congestionEvery
	return f.recorder.BuildFeedbackPacket()
}

func (t *Transport) sendCongestion(now time.Duration) {
	for _, p := range t.feedback.take(now) {
		t.sendRTCP(p)
	}
}
