package relay

import (
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quic-go/quic-go"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/relay/wire"
)

var allDesigns = flag.Bool("designs", false, "measure every design of DESIGN.md under loss, not only the one taken and the simplest")

// TestDesigns measures ways to carry media under loss. Without -designs it only makes
// sure that the measurement tells a bad one from a good one.
func TestDesigns(t *testing.T) {
	fixed := func(conns int) func(*tuning) {
		return func(u *tuning) { u.minConns, u.maxConns = conns, conns }
	}
	mesh := func(change func(*tuning)) func(*testing.T, time.Duration) figures {
		return func(t *testing.T, rtt time.Duration) figures { return measureMesh(t, rtt/2, 0.01, change) }
	}
	raw := func(conns int, datagrams bool) func(*testing.T, time.Duration) figures {
		return func(t *testing.T, rtt time.Duration) figures { return measureRaw(t, rtt/2, 0.01, conns, datagrams) }
	}
	designs := []struct {
		name string
		run  func(*testing.T, time.Duration) figures
	}{
		{"one stream for each class, 1 connection", raw(1, false)},
		{"datagrams, 1 connection", raw(1, true)},
		{"datagrams, 16 connections", raw(16, true)},
		{"short streams, 1 connection", mesh(fixed(1))},
		{"short streams, 4 connections", mesh(fixed(4))},
		{"short streams, 16 connections", mesh(fixed(16))},
		{"short streams, 32 connections", mesh(fixed(32))},
		{"short streams, mixed up to 9.6 kB", mesh(func(u *tuning) { u.mixed = wire.MaxBundle })},
		{"short streams, as many connections as the rate asks for", mesh(nil)},
	}
	if !*allDesigns {
		if f := designs[0].run(t, 170*time.Millisecond); f.late < 20 {
			t.Errorf("a single ordered stream does well (%v): the measurement is wrong", f)
		}
		return
	}
	for _, rtt := range []time.Duration{40 * time.Millisecond, 170 * time.Millisecond} {
		for _, d := range designs {
			t.Logf("rtt %-5v %-56s %v", rtt, d.name, d.run(t, rtt))
		}
	}
}

// measureRaw runs the load over plain QUIC: one long stream for each class on one
// connection, or a datagram for each packet, connections taking turns.
func measureRaw(t *testing.T, oneWay time.Duration, loss float64, conns int, datagrams bool) (f figures) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger(oneWay)
		w := newWAN(oneWay, loss)
		n := newNetwork(t)
		n.place("fra", "10.0.0.1:4433")
		n.place("iad", "10.0.0.2:4433")
		// The meshes only lend their TLS configuration; the connections are made beside.
		var pairs []*quic.Conn
		var wg sync.WaitGroup
		var ends []func() error
		lend := func(id geo.NodeID) *Mesh { return n.startOn(id, w.listen(byte(100+len(id)+len(ends)))).Mesh }
		fra := lend("fra")
		ends = append(ends, fra.Close)
		iad := lend("iad")
		ends = append(ends, iad.Close)
		server, client := &quic.Transport{Conn: w.listen(2)}, &quic.Transport{Conn: w.listen(1)}
		config := fra.quicConfig()
		config.EnableDatagrams = true
		listener, err := server.Listen(iad.serverTLS(), config)
		if err != nil {
			t.Fatal(err)
		}
		for range conns {
			conn, err := client.Dial(t.Context(), server.Conn.LocalAddr(), fra.clientTLS("iad"), config)
			if err != nil {
				t.Fatal(err)
			}
			got, err := listener.Accept(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			pairs = append(pairs, conn)
			wg.Go(func() { receiveRaw(&wg, l, got, datagrams) })
		}
		send := rawSender(t, &wg, l, pairs, datagrams)
		before := w.bytes.Load()
		var payload int64
		var mu sync.Mutex
		load(func(track int, audio bool, p *wire.Media) {
			mu.Lock()
			payload += int64(len(p.Payload))
			mu.Unlock()
			send(track, audio, p)
		}, func(int) {})
		f = l.figures()
		f.wire = float64(w.bytes.Load()-before) / float64(payload)
		for _, conn := range pairs {
			ends = append(ends, func() error { return conn.CloseWithError(0, "") })
		}
		ends = append(ends, client.Close, client.Conn.Close, server.Close, server.Conn.Close)
		for _, end := range ends {
			if err := end(); err != nil && !errors.Is(err, quic.ErrTransportClosed) {
				t.Log(err)
			}
		}
		wg.Wait()
	})
	return f
}

// rawSender writes packets without ever making the load wait.
func rawSender(t *testing.T, wg *sync.WaitGroup, l *ledger, conns []*quic.Conn, datagrams bool) func(int, bool, *wire.Media) {
	queues := make([]chan []byte, len(conns))
	if !datagrams {
		queues = make([]chan []byte, 2)
	}
	for i := range queues {
		queues[i] = make(chan []byte, 1<<16)
		conn := conns[i%len(conns)]
		write := conn.SendDatagram
		if !datagrams {
			stream, err := conn.OpenUniStream()
			if err != nil {
				t.Fatal(err)
			}
			write = func(b []byte) error { _, err := stream.Write(b); return err }
		}
		wg.Go(func() {
			for {
				select {
				case b := <-queues[i]:
					if write(b) != nil {
						return
					}
				case <-conn.Context().Done():
					return
				}
			}
		})
	}
	var mu sync.Mutex
	turn := 0
	return func(track int, audio bool, p *wire.Media) {
		l.out(track, p.SequenceNumber)
		b := binary.BigEndian.AppendUint16(nil, uint16(p.Size(uint32(track))))
		b = wire.AppendMedia(b, uint32(track), p)
		mu.Lock()
		turn++
		at := turn % len(queues)
		mu.Unlock()
		if !datagrams {
			at = 0
			if audio {
				at = 1
			}
		}
		queues[at] <- b
	}
}

func receiveRaw(wg *sync.WaitGroup, l *ledger, conn *quic.Conn, datagrams bool) {
	record := func(b []byte) error {
		var p wire.Media
		track, _, err := wire.DecodeMedia(b, &p)
		if err == nil {
			l.in(int(track), &p)
		}
		return err
	}
	if datagrams {
		for {
			b, err := conn.ReceiveDatagram(context.Background())
			if err != nil || record(b[2:]) != nil {
				return
			}
		}
	}
	for {
		stream, err := conn.AcceptUniStream(context.Background())
		if err != nil {
			return
		}
		wg.Go(func() {
			for {
				var size [2]byte
				if _, err := io.ReadFull(stream, size[:]); err != nil {
					return
				}
				b := make([]byte, binary.BigEndian.Uint16(size[:]))
				if _, err := io.ReadFull(stream, b); err != nil || record(b) != nil {
					return
				}
			}
		})
	}
}
