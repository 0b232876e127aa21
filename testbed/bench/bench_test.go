// Package bench measures the whole server from outside: it runs nodes as
// processes, drives them by the public protocols and reads their processor time
// from the kernel's accounting. Figures go into the DESIGN.md of what they are
// about, with the command.
package bench

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/meridian-video/meridian/testbed/client"
	"github.com/meridian-video/meridian/testbed/cluster"
)

// clockTick is the unit of the kernel's accounting, USER_HZ, which Linux fixes.
const clockTick = 10 * time.Millisecond

// cpu reads how long a process has used processors, in user mode and in the kernel.
func cpu(b *testing.B, pid int) (user, system time.Duration) {
	b.Helper()
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+2:]))
	u, _ := strconv.Atoi(fields[11])
	s, _ := strconv.Atoi(fields[12])
	return time.Duration(u) * clockTick, time.Duration(s) * clockTick
}

// BenchmarkForward is the server's processor time per packet that leaves it:
// one WHIP publisher of 180 video packets of 1,150 bytes in 30 frames and 50
// audio packets a second, to 50 WHEP viewers on the same node.
//
//	go test -run '^$' -bench Forward -benchtime 10s ./testbed/bench
func BenchmarkForward(b *testing.B) {
	const viewers = 50
	c := cluster.Start(b, "fra")
	pub, video, audio := publisher(b, c.Edges["fra"].URL+"/whip/bench")
	defer pub.PC.Close()
	var received atomic.Int64
	var open sync.WaitGroup
	stop := make(chan struct{})
	sending := make(chan struct{})
	go func() {
		defer close(sending)
		send(video, audio, stop)
	}()
	for range viewers {
		open.Add(1)
		viewer(b, c.Edges["fra"].URL+"/whep/bench", &received, open.Done)
	}
	open.Wait()

	pid := c.Edges["fra"].PID()
	u0, s0 := cpu(b, pid)
	n0, began := received.Load(), time.Now()
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for b.Loop() {
		<-second.C // one iteration is a second of the meeting
	}
	u1, s1 := cpu(b, pid)
	packets := float64(received.Load() - n0)
	b.ReportMetric(float64((u1-u0)+(s1-s0))/float64(time.Microsecond)/packets, "cpu-µs/packet")
	b.ReportMetric(float64(u1-u0)/float64(time.Microsecond)/packets, "user-µs/packet")
	b.ReportMetric(packets/time.Since(began).Seconds(), "packets/s")
	b.ReportMetric(packets/time.Since(began).Seconds()/(230*viewers)*100, "%delivered")
	close(stop)
	<-sending
}

func publisher(b *testing.B, url string) (*client.Standard, *webrtc.TrackLocalStaticRTP, *webrtc.TrackLocalStaticRTP) {
	b.Helper()
	s, err := client.NewStandard()
	if err != nil {
		b.Fatal(err)
	}
	var tracks []*webrtc.TrackLocalStaticRTP
	for _, mime := range []webrtc.RTPCodecCapability{{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}, {MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}} {
		t, err := webrtc.NewTrackLocalStaticRTP(mime, mime.MimeType, "s")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.PC.AddTransceiverFromTrack(t, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
			b.Fatal(err)
		}
		tracks = append(tracks, t)
	}
	if err := s.Open(b.Context(), url); err != nil {
		b.Fatal(err)
	}
	return s, tracks[0], tracks[1]
}

// send sends 30 frames of 6 packets and 50 audio packets a second.
func send(video, audio *webrtc.TrackLocalStaticRTP, stop <-chan struct{}) {
	frame, voice := time.NewTicker(time.Second/30), time.NewTicker(time.Second/50)
	defer frame.Stop()
	defer voice.Stop()
	payload := make([]byte, 1150)
	copy(payload, []byte{0x10, 0x50, 0x00, 0x00, 0x9d, 0x01, 0x2a}) // every frame is a keyframe
	rest := make([]byte, 1150)
	var vs, as uint16
	for frames := uint32(0); ; {
		select {
		case <-stop:
			return
		case <-frame.C:
			frames++
			for i := range 6 {
				vs++
				p := payload
				if i > 0 {
					p = rest
				}
				_ = video.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: vs, Timestamp: frames * 3000, Marker: i == 5}, Payload: p})
			}
		case <-voice.C:
			as++
			_ = audio.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: as, Timestamp: uint32(as) * 960}, Payload: rest[:80]})
		}
	}
}

// viewer opens a WHEP session and counts what it gets; first is called at its
// first packet.
func viewer(b *testing.B, url string, received *atomic.Int64, first func()) {
	b.Helper()
	s, err := client.NewStandard()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.PC.Close() })
	var once sync.Once
	s.PC.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		buf := make([]byte, 1500)
		for {
			if _, _, err := t.Read(buf); err != nil {
				return
			}
			received.Add(1)
			once.Do(first)
		}
	})
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		if _, err := s.PC.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Open(b.Context(), url); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkDevReady is the time from the start of `meridian dev` until it says
// that three POPs are ready, on a new data directory.
//
//	go test -run '^$' -bench DevReady ./testbed/bench
func BenchmarkDevReady(b *testing.B) {
	bin := cluster.Binary(b)
	for b.Loop() {
		cmd := exec.Command(bin, "dev", "--json", "--port", "18080", "--data", b.TempDir())
		out, err := cmd.StdoutPipe()
		if err != nil {
			b.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		var line struct{ Ready bool }
		if err := json.NewDecoder(out).Decode(&line); err != nil || !line.Ready {
			b.Fatalf("not ready: %v", err)
		}
		b.StopTimer()
		_ = cmd.Process.Signal(os.Interrupt)
		_, _ = io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
