package turn

import (
	"net"
	"testing"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
)

// FuzzDatagrams sends datagrams to a server and asks it afterwards whether it
// is still there: authenticated ones first, so that more than the outer
// checks are reached.
func FuzzDatagrams(f *testing.F) {
	seed := func(method stun.Method, class stun.MessageClass, attrs ...stun.RawAttribute) {
		m := stun.MustBuild(stun.TransactionID, stun.NewType(method, class))
		for _, a := range attrs {
			m.Add(a.Type, a.Value)
		}
		f.Add(m.Raw)
	}
	seed(stun.MethodAllocate, stun.ClassRequest, stun.RawAttribute{Type: stun.AttrRequestedTransport, Value: []byte{17, 0, 0, 0}})
	seed(stun.MethodSend, stun.ClassIndication, stun.RawAttribute{Type: stun.AttrXORPeerAddress},
		stun.RawAttribute{Type: stun.AttrData, Value: []byte("x")})
	seed(stun.MethodCreatePermission, stun.ClassRequest, stun.RawAttribute{Type: stun.AttrXORPeerAddress})
	f.Add([]byte{0x40, 0x00, 0xff, 0xff, 1, 2, 3})
	socket, media := loopback(f), loopback(f)
	bridge := NewBridge(media, nil)
	s, err := New(Config{UDP: socket, Bridge: bridge, Secret: secret})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close(); _ = bridge.Close() })
	conn := loopback(f)
	client, err := turn.NewClient(&turn.ClientConfig{TURNServerAddr: socket.LocalAddr().String(), Conn: conn, RTO: time.Second})
	if err != nil {
		f.Fatal(err)
	}
	name, password := mint()
	key := stun.NewLongTermIntegrity(name, "meridian", password)
	buf := make([]byte, 2048)
	ask := func(t *testing.T, m *stun.Message) *stun.Message {
		for range 50 {
			if _, err := conn.WriteTo(m.Raw, socket.LocalAddr()); err != nil {
				t.Fatal(err)
			}
			if err := conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			for {
				n, _, err := conn.ReadFrom(buf)
				if err != nil {
					break
				}
				answer := &stun.Message{Raw: append([]byte(nil), buf[:n]...)}
				if answer.Decode() == nil && answer.TransactionID == m.TransactionID {
					return answer
				}
			}
		}
		t.Fatal("the server is silent")
		return nil
	}
	f.Cleanup(func() { client.Close(); _ = conn.Close() })
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1400 {
			return
		}
		m := &stun.Message{Raw: append([]byte(nil), b...)}
		if m.Decode() == nil && m.Type.Class == stun.ClassRequest {
			var nonce stun.Nonce
			if err := nonce.GetFrom(ask(t, stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodRefresh, stun.ClassRequest)))); err != nil {
				t.Fatal(err)
			}
			for _, s := range []stun.Setter{stun.NewUsername(name), stun.NewRealm("meridian"), nonce, key} {
				if err := s.AddTo(m); err != nil {
					return
				}
			}
			b = m.Raw
		}
		if _, err := conn.WriteTo(b, socket.LocalAddr()); err != nil {
			return
		}
		ask(t, stun.MustBuild(stun.TransactionID, stun.BindingRequest))
	})
}

func loopback(f *testing.F) *net.UDPConn {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		f.Fatal(err)
	}
	return c
}
