//go:build linux

package light

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/pion/sdp/v3"
)

const viewerAnswer = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=ice-lite\r\n" +
	"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=candidate:1 1 udp 2130706431 127.0.0.1 4000 typ host\r\n" +
	"a=candidate:2 1 udp 2130706430 ::1 4000 typ host\r\na=candidate:3 1 tcp 2130706430 127.0.0.1 4001 typ host\r\n" +
	"a=ice-ufrag:uf\r\na=ice-pwd:pw\r\na=fingerprint:sha-256 ab:cd\r\na=setup:passive\r\na=mid:0\r\na=sendonly\r\na=rtcp-mux\r\n" +
	"a=rtpmap:111 opus/48000/2\r\n" +
	"m=video 9 UDP/TLS/RTP/SAVPF 120 121 98\r\nc=IN IP4 0.0.0.0\r\na=candidate:1 1 udp 2130706431 127.0.0.1 4000 typ host\r\n" +
	"a=mid:1\r\na=extmap:7 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n" +
	"a=rtpmap:98 H264/90000\r\na=rtpmap:120 vp8/90000\r\na=rtpmap:121 rtx/90000\r\na=fmtp:121 apt=120\r\n" +
	"a=rtcp-fb:120 transport-cc\r\na=rtcp-fb:98 nack\r\na=ssrc:55 cname:x\r\na=sendonly\r\n"

func TestAnAnswerIsRead(t *testing.T) {
	r, err := parseRemote(viewerAnswer)
	if err != nil {
		t.Fatal(err)
	}
	if r.Ufrag != "uf" || r.Pwd != "pw" || r.Setup != "passive" || r.Fingerprint != "AB:CD" {
		t.Errorf("transport %+v", r)
	}
	if len(r.Candidates) != 1 || r.Candidates[0].String() != "127.0.0.1:4000" {
		t.Errorf("candidates %v, want the one over IPv4 and UDP once", r.Candidates)
	}
	v := r.Sections[1]
	if len(v.Types) != 2 || v.Types[0].number != 120 || v.Types[1].number != 121 || !v.Types[1].rtx {
		t.Errorf("video types %+v", v.Types)
	}
	if !v.has("transport-cc") || v.has("nack") || v.Extensions[congestionURI] != 7 || v.SSRCs[0] != 55 {
		t.Errorf("video %+v: the feedback of another codec must not count", v)
	}
}

func TestAnAnswerThatCannotBeUsedSaysWhy(t *testing.T) {
	tests := map[string]string{
		"ICE credentials": strings.Replace(viewerAnswer, "a=ice-pwd:pw\r\n", "", 1),
		"fingerprint":     strings.Replace(viewerAnswer, "sha-256", "sha-1", 1),
		"IPv4 address":    strings.ReplaceAll(viewerAnswer, " udp ", " xyz "),
	}
	for word, text := range tests {
		if _, err := parseRemote(text); !errors.Is(err, errDescription) || !strings.Contains(err.Error(), word) {
			t.Errorf("%v does not speak of %s", err, word)
		}
	}
}

func FuzzDescription(f *testing.F) {
	f.Add(viewerAnswer)
	f.Add("v=0\r\no=- 0 0 IN IP4 0\r\ns=-\r\nt=0 0\r\nm=video 0 X 1\r\na=rtpmap:1 VP8/90000\r\na=rtcp-fb:*\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := parseRemote(text)
		if err != nil {
			return
		}
		if len(r.Candidates) == 0 || len(r.Candidates) > maxCandidates {
			t.Fatalf("%d candidates", len(r.Candidates))
		}
		for _, s := range r.Sections {
			if len(s.Types) > 2 || len(s.Types) == 2 && !s.Types[1].rtx {
				t.Fatalf("types %+v", s.Types)
			}
		}
	})
}

// newTestClient makes a client without starting anything on the wire.
func newTestClient(t *testing.T, o Options) *Client {
	t.Helper()
	n, err := Open(1)
	if err != nil {
		t.Fatal(err)
	}
	c, err := n.Client(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	t.Cleanup(c.Close)
	return c
}

func TestAnOfferHasWhatWasAskedFor(t *testing.T) {
	c := newTestClient(t, Options{})
	offer := c.Offer(Section{Send: true}, Section{Video: true, Send: true, Simulcast: true}, Section{Video: true}, Section{})
	var d sdp.SessionDescription
	if err := d.UnmarshalString(offer); err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, m := range d.MediaDescriptions {
		_, sends := m.Attribute("sendonly")
		_, layers := m.Attribute("simulcast")
		kind := m.MediaName.Media
		if sends {
			kind += " sends"
		}
		if layers {
			kind += " layers"
		}
		kinds = append(kinds, kind)
	}
	if want := []string{"audio sends", "video sends layers", "video", "audio"}; !slices.Equal(kinds, want) {
		t.Errorf("sections %q, want %q", kinds, want)
	}
	if strings.Count(offer, "a=rid:") != 3 || strings.Count(offer, "rtx/90000") != 1 {
		t.Errorf("three encodings to send, repetitions only to receive:\n%s", offer)
	}
}

func TestAClientThatAnswersTakesOneCodecASection(t *testing.T) {
	c := newTestClient(t, Options{})
	answer, err := c.Answer(strings.ReplaceAll(viewerAnswer, "setup:passive", "setup:actpass"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(answer, "m=video 9 UDP/TLS/RTP/SAVPF 120 121\r\n") || strings.Contains(answer, "H264") {
		t.Errorf("answer:\n%s", answer)
	}
	if strings.Count(answer, "a=setup:active") != 2 || strings.Count(answer, "a=recvonly") != 2 {
		t.Errorf("answer:\n%s", answer)
	}
	if c.congestion != 7 {
		t.Errorf("feedback looks at extension %d", c.congestion)
	}
}

func TestAServerThatWantsToBeDTLSClientIsRefused(t *testing.T) {
	c := newTestClient(t, Options{})
	c.Offer(Section{}, Section{Video: true})
	if err := c.SetAnswer(strings.ReplaceAll(viewerAnswer, "setup:passive", "setup:active")); !errors.Is(err, errDescription) {
		t.Errorf("taken: %v", err)
	}
}
