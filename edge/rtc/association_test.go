package rtc

import (
	"errors"
	"testing"

	"github.com/pion/webrtc/v4"
)

// parked is a meeting whose subscriber's DTLS sleeps.
func parked(t *testing.T) *meet {
	t.Helper()
	m := newMeet(t)
	until(t, "parking after the client's first report", func() bool { return m.sub.transport.pipe.Load() == nil })
	receive(t, m.picture, 20)
	return m
}

func TestParkedClientCloses(t *testing.T) {
	m := parked(t)
	_ = m.sub.Close()
	ends(t, m.sub.transport, ErrClientClosed)
}

func TestParkedNodeCloses(t *testing.T) {
	m := parked(t)
	kicked := errors.New("kicked")
	m.sub.transport.Close(kicked)
	ends(t, m.sub.transport, kicked)
	until(t, "the client to hear of it", func() bool {
		s := m.sub.ConnectionState()
		return s == webrtc.PeerConnectionStateClosed || s == webrtc.PeerConnectionStateFailed
	})
}

func TestForgedRecordsEndNothing(t *testing.T) {
	m := parked(t)
	tr := m.sub.transport
	clear := []byte{21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 1, 0} // close_notify
	for _, b := range [][]byte{clear, {21, 254, 253, 0}, {23, 254, 253, 0, 1}} {
		tr.record(b)
	}
	if len(tr.alert) != 0 || tr.pipe.Load() != nil {
		t.Error("DTLS is awake")
	}
	sealed := append([]byte{21, 254, 253, 0, 1, 0, 0, 0, 0, 0, 9, 0, 26}, make([]byte, 26)...)
	tr.record(sealed)
	until(t, "DTLS to be awake", func() bool { return tr.pipe.Load() != nil })
	for range 5 {
		tr.record(sealed)
		tr.record(clear)
	}
	receive(t, m.picture, 100)
	if tr.Cause() != nil {
		t.Fatalf("ended: %v", tr.Cause())
	}
	_ = m.sub.Close()
	ends(t, tr, ErrClientClosed)
}
