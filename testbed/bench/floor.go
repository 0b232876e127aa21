//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"time"

	"golang.org/x/net/ipv4"

	"github.com/meridian-video/meridian/testbed/bench/light"
)

// Floor is the least that any server spends on a packet that leaves it: sealing
// and the system call, by a process that does nothing else.
type Floor struct {
	Destinations int     `json:"destinations"`
	Micros       float64 `json:"cpu_us_per_packet"`
	User         float64 `json:"user_us_per_packet"`
	Seal         float64 `json:"seal_us_per_packet"` // measured alone, in a loop
	Rate         float64 `json:"packets_per_second"`
}

// mean is the floor of a run that began with one and ended with another: on a
// shared machine it moves.
func (f Floor) mean(g Floor) *Floor {
	return &Floor{
		Destinations: f.Destinations, Micros: (f.Micros + g.Micros) / 2, User: (f.User + g.User) / 2,
		Seal: (f.Seal + g.Seal) / 2, Rate: (f.Rate + g.Rate) / 2,
	}
}

// floorOrder is what the child process is told on its standard input.
type floorOrder struct {
	Destinations []netip.AddrPort
	Duration     time.Duration
}

// measureFloor runs the child process against sinks of the generator, at the
// pace of one publisher.
func measureFloor(ctx context.Context, n *light.Network, destinations int, d time.Duration) (Floor, error) {
	self, err := os.Executable()
	if err != nil {
		return Floor{}, err
	}
	order, err := json.Marshal(floorOrder{n.Sinks(destinations), d})
	if err != nil {
		return Floor{}, err
	}
	cmd := exec.CommandContext(ctx, self, "floor")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(order), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return Floor{}, fmt.Errorf("measure the floor: %w", err)
	}
	var f Floor
	return f, json.Unmarshal(out, &f)
}

// floorCommand is the child process.
type floorCommand struct{}

// Run seals and sends until the time is over and prints what it cost.
func (*floorCommand) Run(ctx context.Context) error {
	var o floorOrder
	if err := json.NewDecoder(os.Stdin).Decode(&o); err != nil {
		return fmt.Errorf("%w: floor is started by sfu, which tells it where to send: %w", errRefused, err)
	}
	w, err := newWave(o.Destinations)
	if err != nil {
		return err
	}
	defer w.conn.Close()
	ctx, cancel := context.WithTimeout(ctx, o.Duration)
	defer cancel()
	before, err := usageOf(os.Getpid())
	if err != nil {
		return err
	}
	w.pace(ctx)
	after, err := usageOf(os.Getpid())
	if err != nil {
		return err
	}
	used, packets := after.minus(before), float64(w.sent)
	return json.NewEncoder(os.Stdout).Encode(Floor{
		Destinations: len(o.Destinations), Rate: packets / o.Duration.Seconds(), Seal: w.sealing(),
		Micros: micros(used.total) / packets, User: micros(used.total) / packets * share(used),
	})
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// share is the part of the time that was spent in user mode.
func share(u usage) float64 {
	if u.user+u.system == 0 {
		return 0
	}
	return float64(u.user) / float64(u.user+u.system)
}

// wave is one packet for every destination.
type wave struct {
	conn     *net.UDPConn
	batch    *ipv4.PacketConn
	aead     cipher.AEAD
	messages []ipv4.Message
	plain    []byte
	index    uint64
	sent     int
}

// waveLimit is how many messages go into one system call: what a server would
// do that does not hold a thread for long.
const waveLimit = 64

func newWave(destinations []netip.AddrPort) (*wave, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(make([]byte, 16))
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	w := &wave{conn: conn, batch: ipv4.NewPacketConn(conn), aead: aead, plain: make([]byte, light.VideoPayload)}
	for _, d := range destinations {
		buf := make([]byte, 12, 2048)
		buf[0] = 0x80
		w.messages = append(w.messages, ipv4.Message{Buffers: [][]byte{buf}, Addr: net.UDPAddrFromAddrPort(d)})
	}
	return w, nil
}

// seal protects a payload for every destination as RFC 7714 does.
func (w *wave) seal(size int) {
	w.index++
	var nonce [12]byte
	for i := range w.messages {
		binary.BigEndian.PutUint32(nonce[2:], uint32(i))
		binary.BigEndian.PutUint64(nonce[4:], w.index)
		buf := w.messages[i].Buffers[0][:12]
		binary.BigEndian.PutUint32(buf[8:], uint32(i))
		w.messages[i].Buffers[0] = w.aead.Seal(buf, nonce[:], w.plain[:size], buf)
	}
}

// send seals and sends one packet to every destination. What the system does
// not take is lost, and not counted.
func (w *wave) send(size int) {
	w.seal(size)
	for rest := w.messages; len(rest) > 0; {
		n, err := w.batch.WriteBatch(rest[:min(len(rest), waveLimit)], 0)
		if err != nil {
			return
		}
		w.sent += n
		rest = rest[n:]
	}
}

// pace sends what one publisher does until the context ends.
func (w *wave) pace(ctx context.Context) {
	frames, voice := time.NewTicker(time.Second/light.FrameRate), time.NewTicker(time.Second/light.AudioRate)
	defer frames.Stop()
	defer voice.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-frames.C:
			for range light.FramePackets {
				w.send(light.VideoPayload)
			}
		case <-voice.C:
			w.send(light.AudioPayload)
		}
	}
}

// sealing is what sealing alone costs a video packet, in microseconds.
func (w *wave) sealing() float64 {
	const rounds = 100
	began := time.Now()
	for range rounds {
		w.seal(light.VideoPayload)
	}
	return micros(time.Since(began)) / float64(rounds*len(w.messages))
}
