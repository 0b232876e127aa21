package client

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/pion/webrtc/v4"
)

// Standard is a client that knows only WHIP or WHEP: an offer in, an answer
// out, over HTTP. The caller adds transceivers to PC before Open.
type Standard struct {
	PC       *webrtc.PeerConnection
	Token    string // sent as Bearer; empty: none
	Location string // of the session, absolute
	ETag     string
}

// NewStandard makes a client without any section.
func NewStandard() (*Standard, error) {
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	media := &webrtc.MediaEngine{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		return nil, err
	}
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(s), webrtc.WithMediaEngine(media)).NewPeerConnection(webrtc.Configuration{})
	return &Standard{PC: pc}, err
}

// Answered is an HTTP answer that has been read.
type Answered struct {
	Status int
	Header http.Header
	Body   string
}

// Open posts the offer and takes the answer; anything but 201 is an error.
func (s *Standard) Open(ctx context.Context, endpoint string) error {
	offer, err := s.PC.CreateOffer(nil)
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(s.PC)
	if err := s.PC.SetLocalDescription(offer); err != nil {
		return err
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	a, err := s.Request(ctx, http.MethodPost, endpoint, "application/sdp", s.PC.LocalDescription().SDP, "")
	if err != nil {
		return err
	}
	if a.Status != http.StatusCreated {
		return fmt.Errorf("POST %s: %d %s", endpoint, a.Status, a.Body)
	}
	base, err := url.Parse(endpoint)
	if err != nil {
		return err
	}
	location, err := base.Parse(a.Header.Get("Location"))
	if err != nil {
		return err
	}
	s.Location, s.ETag = location.String(), a.Header.Get("ETag")
	return s.PC.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: a.Body})
}

// Request makes one HTTP request of the protocol.
func (s *Standard) Request(ctx context.Context, method, target, contentType, body, match string) (Answered, error) {
	r, err := http.NewRequestWithContext(ctx, method, target, strings.NewReader(body))
	if err != nil {
		return Answered{}, err
	}
	r.Header.Set("Content-Type", contentType)
	if s.Token != "" {
		r.Header.Set("Authorization", "Bearer "+s.Token)
	}
	if match != "" {
		r.Header.Set("If-Match", match)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return Answered{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return Answered{res.StatusCode, res.Header, string(b)}, err
}
