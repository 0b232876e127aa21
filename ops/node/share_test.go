package node

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestOnePortForPagesAndMedia asks one port for a page, by TLS or not, and for
// media.
func TestOnePortForPagesAndMedia(t *testing.T) {
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprintf("secure=%v", secure), func(t *testing.T) {
			var sockets Sockets
			l := sockets.TCP("127.0.0.1:0")
			if sockets.Err != nil {
				t.Fatal(sockets.Err)
			}
			pages, media := Share(l)
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "page")
			}))
			_ = server.Listener.Close()
			server.Listener = pages
			if secure {
				server.StartTLS()
			} else {
				server.Start()
			}
			var wg sync.WaitGroup
			wg.Go(func() { echo(media) })
			for range 3 {
				r, err := server.Client().Get(server.URL)
				if err != nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(r.Body)
				_ = r.Body.Close()
				if string(body) != "page" {
					t.Errorf("got %q", body)
				}
				c, err := net.Dial("tcp", l.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				frame := []byte{0, 3, 1, 2, 3}
				if _, err := c.Write(frame); err != nil {
					t.Fatal(err)
				}
				got := make([]byte, len(frame))
				if _, err := io.ReadFull(c, got); err != nil || string(got) != string(frame) {
					t.Errorf("media got %x, %v", got, err)
				}
				_ = c.Close()
			}
			if err := media.Close(); err != nil {
				t.Error(err)
			}
			wg.Wait()
			if r, err := server.Client().Get(server.URL); err != nil {
				t.Errorf("no page without media: %v", err)
			} else {
				_ = r.Body.Close()
			}
			server.Close()
			if c, err := net.Dial("tcp", l.Addr().String()); err == nil {
				_ = c.Close()
				t.Error("the port is still open")
			}
		})
	}
}

// echo gives back what five-byte frames come.
func echo(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		b := make([]byte, 5)
		_, _ = io.ReadFull(c, b)
		_, _ = c.Write(b)
		_ = c.Close()
	}
}

// piped is a listener in memory.
type piped struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p piped) Accept() (net.Conn, error) {
	select {
	case c, ok := <-p.conns:
		if !ok {
			return nil, errors.New("too many open files")
		}
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}
func (p piped) Close() error   { close(p.closed); return nil }
func (p piped) Addr() net.Addr { return &net.TCPAddr{} }

func (p piped) dial() net.Conn {
	near, far := net.Pipe()
	p.conns <- near
	return far
}

// gone says whether the other end has been closed.
func gone(c net.Conn) bool {
	_ = c.SetReadDeadline(time.Now().Add(time.Nanosecond))
	_, err := c.Read(make([]byte, 1))
	return err == io.EOF
}

func TestWhoSaysNothingIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := piped{make(chan net.Conn), make(chan struct{})}
		pages, media := Share(l)
		silent, nobody := l.dial(), l.dial()
		_, _ = nobody.Write([]byte{0}) // media that nobody accepts
		time.Sleep(firstByteTime - time.Millisecond)
		if gone(silent) || gone(nobody) {
			t.Error("dropped too early")
		}
		time.Sleep(2 * time.Millisecond)
		if !gone(silent) || !gone(nobody) {
			t.Error("kept")
		}
		unsorted := l.dial()
		synctest.Wait()
		if err := pages.Close(); err != nil {
			t.Error(err)
		}
		if !gone(unsorted) {
			t.Error("kept after the end")
		}
		for _, s := range []net.Listener{pages, media} {
			if _, err := s.Accept(); !errors.Is(err, net.ErrClosed) {
				t.Errorf("accepts: %v", err)
			}
			if err := s.Close(); err != nil {
				t.Errorf("closed again: %v", err)
			}
		}
	})
}

// TestPagesAreServedWhenManySayNothing has more connections wait than are
// sorted.
func TestPagesAreServedWhenManySayNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := piped{make(chan net.Conn), make(chan struct{})}
		pages, _ := Share(l)
		for range maxUnsorted {
			l.dial()
		}
		synctest.Wait()
		far := l.dial()
		near, err := pages.Accept()
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = far.Write([]byte("GET")) }()
		b := make([]byte, 3)
		if _, err := io.ReadFull(near, b); err != nil || string(b) != "GET" {
			t.Errorf("%q, %v", b, err)
		}
		close(l.conns) // errors that pass
		time.Sleep(10 * acceptPause)
		_ = pages.Close()
	})
}

var _ interface{ NetConn() net.Conn } = (*begun)(nil)
var _ interface{ NetConn() net.Conn } = (*tls.Conn)(nil)
