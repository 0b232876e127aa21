package journey

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/meridian-video/meridian/testbed/cluster"
)

// standard is a client that knows only WHIP or WHEP: an offer in, an answer
// out, over HTTP.
type standard struct {
	pc       *webrtc.PeerConnection
	location string
	etag     string
}

func newStandard(t *testing.T) *standard {
	t.Helper()
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(s)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pc.Close() })
	return &standard{pc: pc}
}

// open posts the offer and takes the answer.
func (s *standard) open(t *testing.T, url string) {
	t.Helper()
	offer, err := s.pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(s.pc)
	if err := s.pc.SetLocalDescription(offer); err != nil {
		t.Fatal(err)
	}
	<-gathered
	res := s.request(t, "POST", url, "application/sdp", s.pc.LocalDescription().SDP, "")
	if res.StatusCode != http.StatusCreated {
		t.Fatalf("POST %s: %d %s", url, res.StatusCode, res.body)
	}
	base, _, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
	s.location, s.etag = "http://"+base+res.Header.Get("Location"), res.Header.Get("ETag")
	if err := s.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: res.body}); err != nil {
		t.Fatalf("take answer: %v\n%s", err, res.body)
	}
}

type response struct {
	*http.Response
	body string
}

func (s *standard) request(t *testing.T, method, url, contentType, body, match string) response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	if match != "" {
		r.Header.Set("If-Match", match)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	return response{res, string(b)}
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
		if _, err := in.pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
			t.Fatal(err)
		}
	}
	in.open(t, n.Edges["fra"].URL+"/whip/stage")

	out := newStandard(t)
	var videos, audios atomic.Int64
	out.pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
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
		if _, err := out.pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
			t.Fatal(err)
		}
	}
	out.open(t, n.Edges["iad"].URL+"/whep/stage")

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

	for _, s := range []*standard{out, in} {
		if res := s.request(t, "PATCH", s.location, "application/trickle-ice-sdpfrag", "a=ice-ufrag:x\r\na=ice-pwd:y\r\n", `"stale"`); res.StatusCode != http.StatusPreconditionFailed {
			t.Errorf("PATCH with a stale ETag: %d", res.StatusCode)
		}
		if res := s.request(t, "DELETE", s.location, "", "", ""); res.StatusCode != http.StatusOK {
			t.Errorf("DELETE: %d %s", res.StatusCode, res.body)
		}
		cluster.Wait(t, patience, "the session is gone", func() error {
			if res := s.request(t, "DELETE", s.location, "", "", ""); res.StatusCode != http.StatusNotFound {
				return errMissing
			}
			return nil
		})
	}
	if res := out.request(t, "POST", n.Edges["iad"].URL+"/whep/nobody", "application/sdp", out.pc.LocalDescription().SDP, ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("playing a room where nobody is: %d %s", res.StatusCode, res.body)
	}
}

var errMissing = io.ErrNoProgress
