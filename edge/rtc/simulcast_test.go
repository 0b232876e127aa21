package rtc

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/meridian-video/meridian/edge/sfu"
)

func TestSimulcastOffers(t *testing.T) {
	rids := []string{"rid:q send", "rid:h send", "rid:f send"}
	ids := []string{"extmap:4 " + extensionURIs[extMID], "extmap:10 " + extensionURIs[extRID]}
	for _, test := range []struct {
		name       string
		attributes []string
		want       string
	}{
		{"low to high", append(rids, "simulcast:send q;h;f"), "q h f"},
		{"another order", append(rids, "simulcast:send f;q"), "f q"},
		{"the first of alternatives, paused or not", append(rids, "simulcast:send ~q,h;f"), "q f"},
		{"both directions", append(rids, "rid:r recv", "simulcast:recv r send q;h"), "q h"},
		{"an encoding twice", append(rids, "simulcast:send q;q;h"), "q h"},
		{"encodings that nothing declares", append(rids, "simulcast:send q;x;h"), "q h"},
		{"more than there are layers", append(rids, "rid:4 send", "rid:5 send", "simulcast:send q;h;f;4;5"), "q h f 4"},
		{"unfit names", []string{"rid:q/q send", "rid:12345678901234567 send", "rid:a send", "simulcast:send q/q;12345678901234567;a"}, "a"},
		{"no simulcast", rids, ""},
		{"to receive alone", []string{"rid:r recv", "simulcast:recv r"}, ""},
		{"nothing after send", append(rids, "simulcast:send"), ""},
	} {
		all := append(append([]string{"rtpmap:96 VP8/90000"}, ids...), test.attributes...)
		o := mustParse(t, offered("video", "sendonly", "96", all...))
		if got := strings.Join(o.sections[0].rids, " "); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
		answer := answerTo(t, offered("video", "sendonly", "96", all...))
		if want := "a=simulcast:recv " + strings.ReplaceAll(test.want, " ", ";") + "\r\n"; strings.Contains(answer, want) != (test.want != "") {
			t.Errorf("%s: answered\n%s", test.name, answer)
		}
	}
	for i := range ids { // encodings cannot be told apart
		all := append([]string{"rtpmap:96 VP8/90000", ids[i], "simulcast:send q;h;f"}, rids...)
		if o := mustParse(t, offered("video", "sendonly", "96", all...)); o.sections[0].rids != nil {
			t.Errorf("without an extension: %v", o.sections[0].rids)
		}
	}
}

func TestSimulcastOfBrowsers(t *testing.T) {
	for _, name := range []string{"chromium-simulcast.sdp", "firefox-simulcast.sdp"} {
		o := mustParse(t, load(t, name))
		if v := o.sections[1]; !slices.Equal(v.rids, []string{"q", "h", "f"}) || v.ssrcs != nil {
			t.Errorf("%s: encodings %v, SSRCs %v", name, v.rids, v.ssrcs)
		}
		if v := o.sections[2]; v.rids != nil || len(v.ssrcs) != 2 {
			t.Errorf("%s: encodings %v, SSRCs %v", name, v.rids, v.ssrcs)
		}
	}
}

func TestEncodingsStayInLaterOffers(t *testing.T) {
	raw := load(t, "chromium-simulcast.sdp")
	for _, test := range []struct {
		name, next string
		ok         bool
	}{
		{"the same", raw, true},
		{"another order", strings.Replace(raw, "q;h;f", "f;h;q", 1), false},
		{"one less", strings.Replace(raw, "q;h;f", "q;h", 1), false},
		{"stopped", strings.Replace(raw, "a=sendonly\r\na=msid:- 814d", "a=inactive\r\na=msid:- 814d", 1), true},
		{"a codec moved", strings.ReplaceAll(strings.ReplaceAll(raw, ":45 ", ":34 "), "45 46", "34 46"), false},
		{"RTX moved", strings.ReplaceAll(strings.ReplaceAll(raw, ":97 ", ":34 "), "96 97", "96 34"), false},
		{"a slot's codec less", strings.ReplaceAll(raw, "profile-id=0", "profile-id=3"), true},
	} {
		old, next := mustParse(t, raw), mustParse(t, test.next)
		if err := follows(old, next); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	old, more := mustParse(t, strings.ReplaceAll(raw, "VP9/90000", "VP7/90000")), mustParse(t, raw)
	if err := follows(old, more); err != nil || more.sections[3].payloads.of(sfu.VP9) != nil {
		t.Errorf("a codec that the slot did not have is answered: %v", err)
	}
}

// TestPacketsFindTheirEncoding gives packets to a reader that name their
// section and encoding at first, and then nothing.
func TestPacketsFindTheirEncoding(t *testing.T) {
	tr := idle(t, "chromium-simulcast.sdp")
	r := reader{t: tr, learned: make(origins)}
	packet := func(ssrc uint32, seq uint16, pt uint8, ids map[extension]string) *rtp.Packet {
		p := &rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: pt, SSRC: ssrc, SequenceNumber: seq}, Payload: []byte{0, 7, 8, 9}}
		for x, v := range ids {
			if err := p.SetExtension(tr.routes.Load().ext[x].id, []byte(v)); err != nil {
				t.Fatal(err)
			}
		}
		return p
	}
	for layer, rid := range []string{"q", "h", "f"} {
		ssrc, repair := uint32(100+layer), uint32(200+layer)
		got := heard(&r, packet(ssrc, 1, 96, map[extension]string{extMID: "1", extRID: rid}))
		if got == nil || int(got.Layer) != layer || got.Codec != sfu.VP8 || got.SequenceNumber != 1 {
			t.Fatalf("%s: %+v", rid, got)
		}
		got = heard(&r, packet(repair, 1, 97, map[extension]string{extMID: "1", extRepairedRID: rid}))
		if got == nil || int(got.Layer) != layer || got.SequenceNumber != 7 || len(got.Payload) != 2 {
			t.Fatalf("RTX of %s: %+v", rid, got)
		}
		for _, ssrc := range []uint32{ssrc, repair} {
			if got = heard(&r, packet(ssrc, 2, 96+uint8(ssrc/200), nil)); got == nil || int(got.Layer) != layer {
				t.Fatalf("%s without a name: %+v", rid, got)
			}
		}
	}
	for _, bad := range []*rtp.Packet{
		packet(300, 1, 96, map[extension]string{extMID: "1"}),              // which encoding?
		packet(300, 1, 96, map[extension]string{extMID: "1", extRID: "x"}), // unknown
		packet(300, 1, 96, map[extension]string{extMID: "9", extRID: "q"}), // another section
		packet(300, 1, 96, nil),
		packet(100, 3, 98, nil), // VP9 was not answered
		packet(301, 1, 96, map[extension]string{extMID: "1", extRID: "q"}), // while 100 lives
	} {
		if got := heard(&r, bad); got != nil {
			t.Errorf("%v became %+v", bad, got)
		}
	}
	if got := tr.ups[1].encodings[2].media.ssrc.Load(); got != 102 {
		t.Errorf("requests for the highest encoding would go to %d", got)
	}
	got := heard(&r, packet(2653644921, 1, 45, map[extension]string{extDescriptor: "\x80\x00\x01"}))
	if got == nil || string(got.Descriptor) != "\x80\x00\x01" || got.Codec != sfu.AV1 {
		t.Errorf("descriptor: %+v", got)
	}
	if got := heard(&r, packet(3660431844, 1, 63, map[extension]string{extLevel: "\xff"})); got == nil || got.Codec != sfu.RED || got.AudioLevel != 127 {
		t.Errorf("RED: %+v", got)
	}
	if got := heard(&r, packet(3660431844, 2, 111, nil)); got == nil || got.Codec != sfu.Opus || got.AudioLevel != sfu.NoAudioLevel {
		t.Errorf("Opus beside RED: %+v", got)
	}
	if blocks := tr.ups[1].blocks(nil, tr.engine.cfg.Now()); len(blocks) != 6 {
		t.Errorf("%d reception reports, want one for each of 6 SSRCs", len(blocks))
	}
}

func TestAFloodOfSSRCsIsForgotten(t *testing.T) {
	m, u := make(origins), &up{}
	m.learn(1, u, 0, 0)
	m.learn(2, u, 1, 0)
	for i := range 10_000 {
		now := time.Duration(i)
		m.learn(uint32(1000+i), u, 2, now)
		m[1].heard = now // goes on
	}
	if len(m) != maxSSRCs || m[1] == nil || m[2] != nil {
		t.Errorf("%d SSRCs, the living one %v, the silent one %v", len(m), m[1], m[2])
	}
	m.learn(1, u, 3, 0)
	if m[1].layer != 3 {
		t.Error("an SSRC that names another encoding stays where it was")
	}
}

// simulcast makes c offer three encodings of VP8.
func (c *client) simulcast(t *testing.T) (sender *webrtc.RTPSender, tracks []*webrtc.TrackLocalStaticRTP) {
	t.Helper()
	for _, rid := range []string{"q", "h", "f"} {
		track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "video", "stream", webrtc.WithRTPStreamID(rid))
		if err != nil {
			t.Fatal(err)
		}
		if sender == nil {
			tr, err := c.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
			if err != nil {
				t.Fatal(err)
			}
			sender = tr.Sender()
		} else if err := sender.AddEncoding(track); err != nil {
			t.Fatal(err)
		}
		c.readRTCP(func() ([]rtcp.Packet, interceptor.Attributes, error) { return sender.ReadSimulcastRTCP(rid) })
		tracks = append(tracks, track)
	}
	return sender, tracks
}

func TestSimulcastArrives(t *testing.T) {
	c := newClient(t, opus, vp8)
	sender, tracks := c.simulcast(t)
	c.join(t, newEngine(t))
	u := c.transport.ups[0]
	every(t, func(i int) {
		for _, track := range tracks {
			p := keyframe(i, append([]byte{0x10}, frame(true)[:500]...))
			_ = p.SetExtension(u.ext[extMID].id, []byte(u.mid))
			_ = p.SetExtension(u.ext[extRID].id, []byte(track.RID()))
			_ = track.WriteRTP(p)
		}
	})
	until(t, "three encodings with sender reports", func() bool {
		for i := range 3 {
			if rx := u.encodings[i].media.snapshot(); rx.received < 20 || rx.report == 0 {
				return false
			}
		}
		return true
	})
	for i, e := range sender.GetParameters().Encodings {
		media := &u.encodings[i].media
		if got := media.ssrc.Load(); got != uint32(e.SSRC) || e.RID != u.rids[i] {
			t.Fatalf("encoding %d has SSRC %d, want %d of %s", i, got, e.SSRC, e.RID)
		}
		for len(c.plis) > 0 {
			<-c.plis
		}
		u.RequestKeyframe(uint8(i))
		select {
		case ssrc := <-c.plis:
			if ssrc != uint32(e.SSRC) {
				t.Errorf("keyframe asked of %d, want %d", ssrc, e.SSRC)
			}
		case <-time.After(patience):
			t.Fatalf("no keyframe asked of encoding %d", i)
		}
		u.RequestRetransmit(uint8(i), []uint16{uint16(media.snapshot().highest)})
		until(t, "a repair", func() bool { return u.encodings[i].repair.snapshot().received > 0 })
		if got := u.encodings[i].repair.ssrc.Load(); got != uint32(e.RTX.SSRC) {
			t.Errorf("encoding %d is repaired by %d, want %d", i, got, e.RTX.SSRC)
		}
	}
	if s := c.transport.Stats().Ups[0]; s.Lost != 0 || s.Repaired < 3 || s.Packets < 60 {
		t.Errorf("counted %+v", s)
	}
	if up := c.transport.Ups()[0]; up.Encodings != 3 {
		t.Errorf("%d encodings", up.Encodings)
	}
}
