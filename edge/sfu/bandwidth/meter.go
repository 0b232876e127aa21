package bandwidth

import "time"

const (
	meterStep  = 25 * time.Millisecond
	meterSteps = 20
	// meterQuick steps are enough where the link itself spaces the packets.
	meterQuick = 8
	// meterLeast is the shortest time a rate is told of.
	meterLeast = 100 * time.Millisecond
)

// A meter measures a bitrate over the last half second.
type meter struct {
	bytes [meterSteps]uint32
	step  int64         // the latest
	begun time.Duration // of this run of packets
	at    time.Duration // the latest packet
	has   bool
}

// add counts bytes at a time; times may go back a little.
func (m *meter) add(at time.Duration, bytes int) {
	step := int64(at / meterStep)
	if at < 0 { // round down, as above zero
		step = int64((at+1)/meterStep) - 1
	}
	if !m.has || step-m.step >= meterSteps || m.step-step >= meterSteps {
		*m = meter{step: step, begun: at, at: at, has: true}
	}
	for m.step < step {
		m.step++
		m.bytes[m.slot(m.step)] = 0
	}
	m.bytes[m.slot(step)] += uint32(bytes)
	m.at = max(m.at, at)
}

func (m *meter) slot(step int64) int {
	return int((step%meterSteps + meterSteps) % meterSteps)
}

// rate is in bit/s over the latest steps, up to the latest packet.
func (m *meter) rate(steps int) float64 {
	if !m.has {
		return 0
	}
	var bytes uint64
	for i := range int64(steps) {
		bytes += uint64(m.bytes[m.slot(m.step-i)])
	}
	span := m.at - time.Duration(m.step-int64(steps)+1)*meterStep
	span = max(min(span, m.at-m.begun), meterLeast)
	return float64(bytes) * 8 / span.Seconds()
}

// slow and quick are the two rates in use.
func (m *meter) slow() float64  { return m.rate(meterSteps) }
func (m *meter) quick() float64 { return m.rate(meterQuick) }
