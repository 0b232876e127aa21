package client

import (
	"github.com/pion/webrtc/v4"

	"github.com/meridian-video/meridian/edge/signal"
)

// offer makes the m-line plan of the protocol.
func (c *Client) offer(o Options) (string, signal.Up, error) {
	media := &webrtc.MediaEngine{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		return "", signal.Up{}, err
	}
	if err := media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: levelURI}, webrtc.RTPCodecTypeAudio); err != nil {
		return "", signal.Up{}, err
	}
	o.Engine.SetIncludeLoopbackCandidate(true)
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithSettingEngine(o.Engine)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return "", signal.Up{}, err
	}
	c.pc = pc
	pc.OnTrack(c.receive)
	c.pictures, c.sound, c.mark = o.Pictures, o.Sound, o.Mark
	var sections []*webrtc.RTPTransceiver
	for i, kind := range []string{"mic", "camera", "camera2", "share", "share_audio"} {
		capability := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}
		if i == 0 || i == 4 {
			capability = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}
		}
		track, err := webrtc.NewTrackLocalStaticRTP(capability, kind, kind)
		if err != nil {
			return "", signal.Up{}, err
		}
		t, err := pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			return "", signal.Up{}, err
		}
		sections = append(sections, t)
		switch i {
		case 0:
			c.mic, c.voice = track, t.Sender()
		case 1:
			c.camera = track
			c.wg.Go(func() { c.readFeedback(t.Sender()) })
		}
	}
	for _, s := range []struct {
		kind webrtc.RTPCodecType
		n    int
	}{{webrtc.RTPCodecTypeVideo, orElse(o.Video, 9)}, {webrtc.RTPCodecTypeAudio, orElse(o.Audio, 3)}} {
		for range s.n {
			if _, err := pc.AddTransceiverFromKind(s.kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
				return "", signal.Up{}, err
			}
		}
	}
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		return "", signal.Up{}, err
	}
	c.offers.Add(1)
	if err := pc.SetLocalDescription(offer); err != nil {
		return "", signal.Up{}, err
	}
	mid := func(i int) string { return sections[i].Mid() }
	return offer.SDP, signal.Up{Mic: mid(0), Camera: mid(1), Camera2: mid(2), Share: mid(3), ShareAudio: mid(4)}, nil
}

func orElse(n, otherwise int) int {
	if n == 0 {
		return otherwise
	}
	return n
}
