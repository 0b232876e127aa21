package journey

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/testbed/client"
	"github.com/meridian-video/meridian/testbed/cluster"
)

func newStandard(t *testing.T) *client.Standard {
	t.Helper()
	s, err := client.NewStandard()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.PC.Close() })
	return s
}

// ask makes a request and fails the test when there is no answer at all.
func ask(t *testing.T, s *client.Standard, method, url, contentType, body, match string) client.Answered {
	t.Helper()
	a, err := s.Request(t.Context(), method, url, contentType, body, match)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestWHIPToWHEPAcrossPOPs: a client that knows only the standards publishes on
// one POP and another plays on another, and both end by DELETE.
func TestWHIPToWHEPAcrossPOPs(t *testing.T) {
	n := start(t, "fra", "iad")
	in := newStandard(t)
	video, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}, "v", "s")
	if err != nil {
		t.Fatal(err)
	}
	audio, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, "a", "s")
	if err != nil {
		t.Fatal(err)
	}
	for _, track := range []webrtc.TrackLocal{video, audio} {
		if _, err := in.PC.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
			t.Fatal(err)
		}
	}
	if err := in.Open(t.Context(), n.Edges["fra"].URL+"/whip/stage"); err != nil {
		t.Fatal(err)
	}

	out := newStandard(t)
	var videos, audios atomic.Int64
	out.PC.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			if _, _, err := track.ReadRTP(); err != nil {
				return
			}
			if track.Kind() == webrtc.RTPCodecTypeVideo {
				videos.Add(1)
			} else {
				audios.Add(1)
			}
		}
	})
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		if _, err := out.PC.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Open(t.Context(), n.Edges["iad"].URL+"/whep/stage"); err != nil {
		t.Fatal(err)
	}

	seq := uint16(0)
	key := []byte{0x10, 0x50, 0x00, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00, 0, 0, 0}
	cluster.Wait(t, patience, "the player gets both", func() error {
		seq++
		_ = video.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: uint32(seq) * 4500, Marker: true}, Payload: key})
		_ = audio.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: uint32(seq) * 2400}, Payload: []byte{0xf8, 0xff, 0xfe}})
		if videos.Load() < 10 || audios.Load() < 10 {
			return errMissing
		}
		return nil
	})

	for _, s := range []*client.Standard{out, in} {
		if res := ask(t, s, "PATCH", s.Location, "application/trickle-ice-sdpfrag", "a=ice-ufrag:x\r\na=ice-pwd:y\r\n", `"stale"`); res.Status != http.StatusPreconditionFailed {
			t.Errorf("PATCH with a stale ETag: %d", res.Status)
		}
		if res := ask(t, s, "DELETE", s.Location, "", "", ""); res.Status != http.StatusOK {
			t.Errorf("DELETE: %d %s", res.Status, res.Body)
		}
		cluster.Wait(t, patience, "the session is gone", func() error {
			if res := ask(t, s, "DELETE", s.Location, "", "", ""); res.Status != http.StatusNotFound {
				return errMissing
			}
			return nil
		})
	}
	if res := ask(t, out, "POST", n.Edges["iad"].URL+"/whep/nobody", "application/sdp", out.PC.LocalDescription().SDP, ""); res.Status != http.StatusNotFound {
		t.Errorf("playing a room where nobody is: %d %s", res.Status, res.Body)
	}

	kept := n.History()
	cluster.Wait(t, patience, "who published is in the history, with both ends", func() error {
		sessions, _, err := kept.Sessions(t.Context(), history.SessionFilter{Company: n.Company, Room: "stage"}, history.Page{})
		if err != nil || len(sessions) == 0 {
			return errors.Join(errMissing, err)
		}
		people, _, err := kept.Participants(t.Context(), n.Company, sessions[0].ID, history.Page{})
		if err != nil || len(sessions) != 1 || len(people) != 1 {
			return errors.Join(fmt.Errorf("%d sessions, people %+v", len(sessions), people), err)
		}
		for _, p := range people {
			if p.Left.IsZero() {
				return errMissing
			}
			if p.Reason != record.ReasonLeft {
				t.Fatalf("%+v", p)
			}
		}
		return nil
	})
}

var errMissing = io.ErrNoProgress
