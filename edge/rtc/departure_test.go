package rtc

import "testing"

// TestNoDepartureIsMissed has clients leave right after their first packet,
// that is while the node parks their DTLS.
func TestNoDepartureIsMissed(t *testing.T) {
	const visits = 400
	halls := newHalls(1)
	e := engineIn(t, halls)
	for n := range visits {
		v := visit(t, e, halls[0], n, "whep.sdp")
		v.say(v.report(t), v.at)
		for range n % 8 * 16 { // at another moment of parking each time
			v.say([]byte{0, 0}, v.at)
		}
		_ = v.dtls.Close()
		ends(t, v.transport, ErrClientClosed)
	}
}
