package bandwidth_test

import (
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/gcc"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/logging"
	"github.com/pion/rtp"

	"github.com/meridian-video/meridian/edge/sfu/bandwidth"
)

const transportCC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

// pionGCC is the estimator of pion/interceptor behind controller. It reads
// the wall clock, so it needs a synctest bubble and a sleep per step.
type pionGCC struct {
	t         *testing.T
	estimator *gcc.SendSideBWE
	writer    interceptor.RTPWriter
	payload   []byte
	most      int
}

func newPionGCC(t *testing.T, initial int) *pionGCC {
	quiet := logging.NewDefaultLoggerFactory()
	quiet.DefaultLogLevel = logging.LogLevelDisabled
	e, err := gcc.NewSendSideBWE(gcc.SendSideBWEInitialBitrate(initial),
		gcc.SendSideBWEMinBitrate(bandwidth.DefaultMin), gcc.SendSideBWEMaxBitrate(bandwidth.DefaultMax),
		gcc.SendSideBWEPacer(gcc.NewNoOpPacer()), gcc.WithLoggerFactory(quiet))
	if err != nil {
		t.Fatal(err)
	}
	p := &pionGCC{t: t, estimator: e, payload: make([]byte, 1500)}
	p.writer = e.AddStream(&interceptor.StreamInfo{
		SSRC:                1,
		RTPHeaderExtensions: []interceptor.RTPHeaderExtension{{URI: transportCC, ID: 1}},
	}, interceptor.RTPWriterFunc(func(*rtp.Header, []byte, interceptor.Attributes) (int, error) { return 0, nil }))
	return p
}

func (p *pionGCC) close() {
	if err := p.estimator.Close(); err != nil {
		p.t.Error(err)
	}
}

func (p *pionGCC) SetWanted(bitrate int) { p.most = bitrate }
func (p *pionGCC) SetRTT(time.Duration)  {}
func (p *pionGCC) Tick(time.Duration)    {}

func (p *pionGCC) Probe(time.Duration) (bandwidth.Cluster, bool) { return bandwidth.Cluster{}, false }

func (p *pionGCC) Target() int { return p.estimator.GetTargetBitrate() }

func (p *pionGCC) Sent(seq uint16, size int, _ time.Duration, _ uint8) {
	const header = 20 // with the extension
	h := &rtp.Header{Version: 2, SSRC: 1, SequenceNumber: seq}
	if err := h.SetExtension(1, []byte{byte(seq >> 8), byte(seq)}); err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.writer.Write(h, p.payload[:max(0, size-header)], nil); err != nil {
		p.t.Fatal(err)
	}
}

// Feedback packs the receipts as a receiver would.
func (p *pionGCC) Feedback(_ time.Duration, receipts []bandwidth.Receipt) {
	record := twcc.NewRecorder(2)
	for _, r := range receipts {
		if r.Received {
			record.Record(1, r.Seq, r.Arrival.Microseconds())
		}
	}
	if err := p.estimator.WriteRTCP(record.BuildFeedbackPacket(), nil); err != nil {
		p.t.Fatal(err)
	}
}
