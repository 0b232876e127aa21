package rtc

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/transport/v4/packetio"
)

// association is DTLS after the handshake. No data channels are negotiated,
// so all that is still to come is one alert each way when somebody leaves,
// yet a dtls.Conn keeps four goroutines and 10 KiB of buffers waiting. It is
// therefore parked: closed in silence, with what it takes to go on kept, and
// taken up again for that alert. The goroutine of Transport.run owns it.
type association struct {
	conn    *dtls.Conn    // nil while parked
	watched chan struct{} // closed when conn reads no more
	park    *dtls.State   // nil before
}

// watch has the transport end at the client's close_notify.
func (a *association) watch(t *Transport, conn *dtls.Conn, wg *sync.WaitGroup) {
	watched := make(chan struct{})
	a.conn, a.watched = conn, watched
	pipe := t.pipe.Load()
	wg.Go(func() {
		defer close(watched)
		buf := make([]byte, maxPacket)
		for {
			if _, err := conn.Read(buf); err != nil {
				if !pipe.parking.Load() {
					t.cancel(ErrClientClosed)
				}
				return
			}
		}
	})
}

// suspend parks. The client has sent media, so it has finished its handshake
// and will not ask for our last flight again.
//
// First the old connection works off the records that it has been given, as
// one of them may be the client's close_notify; those that come meanwhile wait
// in t.alert. From before the snapshot on it sends nothing, so that no record
// number is used twice.
func (a *association) suspend(t *Transport) {
	pipe := t.pipe.Swap(nil)
	pipe.parking.Store(true)
	_ = pipe.Close()
	select {
	case <-a.watched:
	case <-t.ctx.Done():
		return
	}
	pipe.mute.Store(true)
	if _, err := a.conn.Write(nil); err != nil { // how a connection tells that it was closed
		t.cancel(ErrClientClosed)
		return
	}
	state, ok := a.conn.ConnectionState()
	if !ok {
		t.cancel(ErrDTLS)
		return
	}
	_ = a.conn.Close()
	a.conn, a.park = nil, &state
}

// resume goes on where suspend has stopped, with the records that come
// through the pipe.
func (a *association) resume(t *Transport, pipe *recordPipe) (*dtls.Conn, error) {
	state := a.park
	a.park = nil // never twice
	return dtls.ResumeWithOptions(state, pipe, pipe.LocalAddr(), t.engine.dtlsOptions()...)
}

// wake takes a record that came while parked. It may be a forgery, so the
// association is only watched again.
func (a *association) wake(t *Transport, record []byte, wg *sync.WaitGroup) {
	if p := t.pipe.Load(); p != nil { // another one has woken it
		_, _ = p.records.Write(record)
		return
	}
	if a.park == nil {
		return
	}
	pipe := newRecordPipe(t)
	conn, err := a.resume(t, pipe)
	if err != nil {
		return
	}
	_, _ = pipe.records.Write(record)
	t.pipe.Store(pipe)
	a.watch(t, conn, wg)
}

// end sends close_notify.
func (a *association) end(t *Transport) {
	if a.park != nil {
		pipe := newRecordPipe(t)
		conn, err := a.resume(t, pipe)
		if err != nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if conn.HandshakeContext(ctx) == nil { // has been done: it only starts
			a.conn = conn
		}
	}
	if a.conn != nil {
		_ = a.conn.Close()
		a.conn = nil
	}
}

const (
	alertRecord  = 21 // RFC 6347 section 4.1
	recordHeader = 13
	// maxAlerts wait for DTLS to wake: an honest client sends one.
	maxAlerts = 8
)

// record takes a DTLS record of the client. Parked, only an alert matters.
// Alerts in the clear are for handshakes: afterwards pion/dtls would still
// obey them, and anyone can write one.
func (t *Transport) record(b []byte) {
	alert := b[0] == alertRecord
	if alert && t.keys.Load() != nil && (len(b) < recordHeader || b[3]|b[4] == 0) {
		t.engine.metrics.undecryptable.Inc()
		return
	}
	if p := t.pipe.Load(); p != nil {
		// A full buffer loses the record, as networks do. A closed one belongs
		// to a connection that is being parked.
		if _, err := p.records.Write(b); !errors.Is(err, io.ErrClosedPipe) {
			return
		}
	}
	if !alert {
		return
	}
	select {
	case t.alert <- slices.Clone(b):
	default:
	}
}

// recordPipe is the net.PacketConn that pion/dtls works on: the mux's reader
// fills it, and what is written to it goes where media goes.
type recordPipe struct {
	t       *Transport
	records *packetio.Buffer
	parking atomic.Bool // the end of records is not the client's doing
	mute    atomic.Bool
}

func newRecordPipe(t *Transport) *recordPipe {
	p := &recordPipe{t: t, records: packetio.NewBuffer()}
	p.records.SetLimitCount(64)
	return p
}

// ReadFrom implements net.PacketConn.
func (p *recordPipe) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := p.records.Read(b)
	return n, p.LocalAddr(), err
}

// WriteTo implements net.PacketConn. A record that cannot be sent is lost:
// DTLS repeats it.
func (p *recordPipe) WriteTo(b []byte, _ net.Addr) (int, error) {
	if p.mute.Load() {
		return len(b), nil
	}
	if p.t.peer.Load() == nil {
		return 0, io.ErrClosedPipe
	}
	p.t.write(b)
	return len(b), nil
}

// Close implements net.PacketConn.
func (p *recordPipe) Close() error { return p.records.Close() }

// LocalAddr implements net.PacketConn. The pipe has one end, so any address
// will do.
func (p *recordPipe) LocalAddr() net.Addr { return &net.UDPAddr{IP: net.IPv4zero} }

// SetDeadline implements net.PacketConn.
func (p *recordPipe) SetDeadline(at time.Time) error { return p.SetReadDeadline(at) }

// SetReadDeadline implements net.PacketConn.
func (p *recordPipe) SetReadDeadline(at time.Time) error { return p.records.SetReadDeadline(at) }

// SetWriteDeadline implements net.PacketConn; writing does not block.
func (p *recordPipe) SetWriteDeadline(time.Time) error { return nil }
