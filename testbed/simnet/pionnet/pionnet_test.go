package pionnet_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"

	"github.com/meridian-video/meridian/testbed/simnet"
	"github.com/meridian-video/meridian/testbed/simnet/pionnet"
)

func peer(t *testing.T, host *simnet.Host) *webrtc.PeerConnection {
	t.Helper()
	var s webrtc.SettingEngine
	s.SetNet(pionnet.New(host))
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	p, err := webrtc.NewAPI(webrtc.WithSettingEngine(s)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// describe makes and sets a local description with all candidates in it.
func describe(t *testing.T, p *webrtc.PeerConnection, remote *webrtc.SessionDescription) *webrtc.SessionDescription {
	t.Helper()
	gathered := webrtc.GatheringCompletePromise(p)
	var local webrtc.SessionDescription
	var err error
	if remote == nil {
		local, err = p.CreateOffer(nil)
	} else {
		if err := p.SetRemoteDescription(*remote); err != nil {
			t.Fatal(err)
		}
		local, err = p.CreateAnswer(nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := p.SetLocalDescription(local); err != nil {
		t.Fatal(err)
	}
	<-gathered
	return p.LocalDescription()
}

func TestPeerConnectionsRunInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := simnet.New(simnet.Config{Seed: 1, Link: simnet.Link{Delay: 45 * time.Millisecond, Loss: 0.01}})
		a, b := peer(t, n.Host("10.0.0.1")), peer(t, n.Host("10.0.0.2"))
		heard := make(chan string, 1)
		b.OnDataChannel(func(d *webrtc.DataChannel) {
			d.OnMessage(func(m webrtc.DataChannelMessage) { heard <- string(m.Data) })
		})
		d, err := a.CreateDataChannel("greeting", nil)
		if err != nil {
			t.Fatal(err)
		}
		d.OnOpen(func() {
			if err := d.SendText("hello"); err != nil {
				t.Error(err)
			}
		})
		answer := describe(t, b, describe(t, a, nil))
		if err := a.SetRemoteDescription(*answer); err != nil {
			t.Fatal(err)
		}
		select {
		case got := <-heard:
			if got != "hello" {
				t.Errorf("heard %q", got)
			}
		case <-time.After(time.Minute):
			t.Errorf("nothing heard; %+v", n.Stats())
		}
		if err := a.GracefulClose(); err != nil {
			t.Error(err)
		}
		if err := b.GracefulClose(); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Second)
	})
}
