package rtc

import (
	"embed"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/sdp/v3"

	"github.com/meridian-video/meridian/edge/sfu"
)

//go:embed testdata/*.sdp
var offers embed.FS

func load(t testing.TB, name string) string {
	t.Helper()
	b, err := offers.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func mustParse(t *testing.T, raw string) *offer {
	t.Helper()
	o, err := parseOffer(raw)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestChromiumOffer answers what a Chromium offers for five sendonly sections
// without tracks, nine video and three audio slots.
func TestChromiumOffer(t *testing.T) {
	tr, err := newEngine(t).Accept(t.Context(), Offer{SDP: load(t, "chromium-17.sdp")})
	if err != nil {
		t.Fatal(err)
	}
	ups, downs := tr.Ups(), tr.Downs()
	if len(ups) != 5 || len(downs) != 12 {
		t.Fatalf("%d Ups and %d slots, want 5 and 12", len(ups), len(downs))
	}
	for i, kind := range []sfu.Kind{sfu.Audio, sfu.Video, sfu.Video, sfu.Video, sfu.Audio} {
		if ups[i].Kind != kind || ups[i].MID != fmt.Sprint(i) {
			t.Errorf("Up %d is %v %q", i, ups[i].Kind, ups[i].MID)
		}
	}
	answer := tr.Answer()
	for want, n := range map[string]int{
		"a=recvonly\r\n": 5, "a=sendonly\r\n": 12, "a=setup:passive\r\n": 17, "a=fingerprint:": 1, "a=ice-lite\r\n": 1,
		"typ host\r\n": 1, "a=candidate:": 1, "a=end-of-candidates\r\n": 1, " transport-cc\r\n": 17, "a=msid:": 12,
		"a=ssrc-group:FID ": 9, " rtx/90000\r\n": 3 + 9*4, "a=group:BUNDLE 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\r\n": 1,
	} {
		if got := strings.Count(answer, want); got != n {
			t.Errorf("%q occurs %d times, want %d", want, got, n)
		}
	}
	tr.Close(nil)
	ends(t, tr, ErrClosed)
}

func TestSlotLimits(t *testing.T) {
	tr, err := newEngine(t).Accept(t.Context(), Offer{SDP: load(t, "chromium-17.sdp"), MaxVideoSlots: 4, MaxAudioSlots: -1})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(tr.Downs()); n != 4 {
		t.Errorf("%d slots, want 4", n)
	}
	if n := strings.Count(tr.Answer(), "m=video 0 "); n != 5 {
		t.Errorf("%d video sections refused, want 5", n)
	}
	if n := strings.Count(tr.Answer(), "m=audio 0 "); n != 3 {
		t.Errorf("%d audio sections refused, want 3", n)
	}
}

func TestWHIPOffer(t *testing.T) {
	o := mustParse(t, load(t, "whip.sdp"))
	if len(o.sections) != 2 {
		t.Fatalf("%d sections", len(o.sections))
	}
	v := o.sections[1]
	if v.refused != "" || v.dir != sends || v.payloads[0].pt != 96 || v.payloads[0].fb != fbNACK|fbPLI|fbFIR || v.ext[extMID].id != 4 {
		t.Errorf("video %+v", v)
	}
	if a := o.sections[0]; a.payloads[0].fmtp != "minptime=10;useinbandfec=1" || a.payloads[0].pt != 111 {
		t.Errorf("audio %+v", a)
	}
	if o.ufrag != "EsAw" || len(o.fingerprints) != 1 || !o.mixed {
		t.Errorf("transport %+v", o)
	}
}

func TestWHEPOffer(t *testing.T) {
	tr, err := newEngine(t).Accept(t.Context(), Offer{SDP: load(t, "whep.sdp")})
	if err != nil {
		t.Fatal(err)
	}
	if len(tr.Ups()) != 0 || len(tr.Downs()) != 2 {
		t.Fatalf("%d Ups, %d slots", len(tr.Ups()), len(tr.Downs()))
	}
	answer := tr.Answer()
	for _, want := range []string{
		"a=group:BUNDLE a v\r\n", "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n", "m=video 9 UDP/TLS/RTP/SAVPF 100\r\n",
		"m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n", "a=rtcp-fb:100 nack\r\n",
	} {
		if !strings.Contains(answer, want) {
			t.Errorf("no %q in\n%s", want, answer)
		}
	}
}

func TestBadOffers(t *testing.T) {
	whip := load(t, "whip.sdp")
	swap := func(old, replacement string) string { return strings.ReplaceAll(whip, old, replacement) }
	for _, test := range []struct{ name, sdp, reason string }{
		{"empty", "", "sections"},
		{"not SDP", "hello", "not SDP"},
		{"too long", whip + strings.Repeat("a=x\r\n", 60_000), "longer"},
		{"too many sections", whip + strings.Repeat("m=video 9 UDP/TLS/RTP/SAVPF 96\r\n", 63), "65 sections"},
		{"one mid twice", swap("a=mid:1", "a=mid:0"), "twice"},
		{"no ufrag", swap("a=ice-ufrag:EsAw\r\n", ""), "ice-ufrag"},
		{"short password", swap("bP+XJMM09aR8AiX1jdukzR6Y", "short"), "ice-pwd"},
		{"ufrag with a quote", swap("EsAw", `Es"w`), "ice-ufrag"},
		{"no fingerprint", swap("a=fingerprint:sha-256", "a=x:"), "fingerprint"},
		{"sha-1", swap("sha-256", "sha-1"), "fingerprint"},
		{"short fingerprint", swap("DA:7B:", ""), "fingerprint"},
		{"strange setup", swap("actpass", "holdconn"), "setup"},
		{"nothing usable", strings.ReplaceAll(swap("opus", "speex"), "VP8", "VP7"), "no known audio codec"},
		{"not bundled", swap("a=group:BUNDLE 0 1\r\n", ""), "not bundled"},
		{"many candidates", swap("a=mid:0\r\n", "a=mid:0\r\n"+strings.Repeat("a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n", 300)), "candidates"},
		{"unprintable mid", swap("a=mid:0", "a=mid:\x01"), "unprintable"},
	} {
		_, err := parseOffer(test.sdp)
		if !errors.Is(err, ErrBadOffer) || !strings.Contains(err.Error(), test.reason) {
			t.Errorf("%s: %v, want %q", test.name, err, test.reason)
		}
	}
}

func TestRefusedSections(t *testing.T) {
	whip := load(t, "whip.sdp")
	video := whip[strings.Index(whip, "m=video"):]
	for _, test := range []struct{ name, old, replacement, reason string }{
		{"no codec", "VP8/90000", "H265/90000", "no known video codec"},
		{"disabled", "a=bundle-only\r\n", "", "disabled by the client"},
		{"no rtcp-mux", "a=rtcp-mux\r\n", "", "no rtcp-mux"},
		{"plain RTP", "UDP/TLS/RTP/SAVPF", "RTP/AVP", "unsupported protocol"},
		{"long mid", "a=mid:1", "a=mid:12345678901234567", "mid missing or too long"},
	} {
		o := mustParse(t, strings.TrimSuffix(whip, video)+strings.ReplaceAll(video, test.old, test.replacement))
		if got := o.sections[1].refused; got != test.reason {
			t.Errorf("%s: %q, want %q", test.name, got, test.reason)
		}
		if o.sections[0].refused != "" {
			t.Errorf("%s: audio refused too", test.name)
		}
	}
}

func TestFollowingOffers(t *testing.T) {
	whip := load(t, "whip.sdp")
	old := mustParse(t, whip)
	for _, test := range []struct{ name, sdp, reason string }{
		{"the same", whip, ""},
		{"restart", strings.ReplaceAll(whip, "EsAw", "Next"), ""},
		{"another kind", strings.Replace(whip, "m=video 0", "m=message 0", 1), "was video"},
		{"another mid", strings.Replace(strings.ReplaceAll(whip, "a=mid:1", "a=mid:7"), "BUNDLE 0 1", "BUNDLE 0 7", 1), "section 1 was"},
		{"another payload type", strings.ReplaceAll(whip, ":96 ", ":97 "), ""},
		{"another extension id", strings.ReplaceAll(whip, "extmap:4", "extmap:5"), "extensions"},
		{"an extension less", strings.ReplaceAll(whip, "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n", ""), ""},
		{"another certificate", strings.ReplaceAll(whip, "DA:7B", "DA:7C"), "certificate"},
		{"fewer sections", whip[:strings.Index(whip, "m=video")], "1 sections after 2"},
		{"stopped section", strings.ReplaceAll(whip, "a=bundle-only\r\n", ""), ""},
	} {
		next, err := parseOffer(test.sdp)
		if err == nil {
			err = follows(old, next)
		}
		if test.name == "another payload type" {
			if err == nil {
				t.Errorf("%s: taken", test.name)
			}
			continue
		}
		if test.reason == "" && err != nil || test.reason != "" && (err == nil || !strings.Contains(err.Error(), test.reason)) {
			t.Errorf("%s: %v, want %q", test.name, err, test.reason)
		}
	}
}

func TestFragments(t *testing.T) {
	tr, err := newEngine(t).Accept(t.Context(), Offer{SDP: load(t, "whip.sdp")})
	if err != nil {
		t.Fatal(err)
	}
	ours := "a=ice-ufrag:EsAw\r\na=ice-pwd:bP+XJMM09aR8AiX1jdukzR6Y\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n" +
		"a=candidate:1 1 udp 2130706431 192.0.2.1 61764 typ host\r\na=end-of-candidates\r\n"
	if err := tr.AddCandidates(ours); err != nil {
		t.Error(err)
	}
	if err := tr.AddCandidates(strings.ReplaceAll(ours, "EsAw", "Next")); !errors.Is(err, ErrUnknownUfrag) {
		t.Errorf("another generation: %v", err)
	}
	for _, bad := range []string{"", "a=candidate:x", "a=ice-ufrag:\x00\x00\x00\x00", strings.Repeat("x", maxFragment+1)} {
		if err := tr.AddCandidates(bad); !errors.Is(err, ErrBadOffer) {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
	if _, err := tr.RestartFragment(t.Context(), ours); !errors.Is(err, ErrBadOffer) {
		t.Errorf("restart with the current ufrag: %v", err)
	}
}

func TestAnnouncedAddresses(t *testing.T) {
	e := newEngine(t, func(c *Config) {
		c.Announce = []netip.AddrPort{netip.MustParseAddrPort("203.0.113.5:3478"), netip.MustParseAddrPort("[2001:db8::5]:3478")}
	})
	tr, err := e.Accept(t.Context(), Offer{SDP: load(t, "whip.sdp")})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{" udp 2130706431 203.0.113.5 3478 typ host", " udp 2130706175 2001:db8::5 3478 typ host"} {
		if !strings.Contains(tr.Answer(), want) {
			t.Errorf("no %q in the answer", want)
		}
	}
	for _, bad := range []string{"0.0.0.0:1", "[::]:1", "192.0.2.1:0"} {
		socket := listenUDP(t)
		if e, err := New(Config{Media: socket, Announce: []netip.AddrPort{netip.MustParseAddrPort(bad)}}); err == nil {
			t.Errorf("%s announced", bad)
			_ = e.Close()
		}
		_ = socket.Close()
	}
}

func FuzzOffer(f *testing.F) {
	for _, name := range []string{"chromium-17.sdp", "chromium-simulcast.sdp", "firefox-simulcast.sdp", "whip.sdp", "whep.sdp"} {
		f.Add(load(f, name))
	}
	f.Fuzz(func(t *testing.T, raw string) {
		o, err := parseOffer(raw)
		if err != nil {
			if !errors.Is(err, ErrBadOffer) {
				t.Fatal(err)
			}
			return
		}
		again := mustParse(t, raw)
		if err := follows(o, again); err != nil {
			t.Fatalf("an offer cannot follow itself: %v", err)
		}
		for i := range again.sections {
			checkSection(t, &again.sections[i])
		}
		answer := writeAnswer(o, local{
			ufrag: "ufrag", pwd: "password", fingerprint: "sha-256 00", setup: "passive",
			announce: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:1")},
		}, map[string]slotID{o.sections[0].mid: {1, 2, "c"}})
		var desc sdp.SessionDescription
		if err := desc.UnmarshalString(answer); err != nil {
			t.Fatalf("the answer is not SDP: %v\n%s", err, answer)
		}
		if len(desc.MediaDescriptions) != len(o.sections) {
			t.Fatalf("%d sections answered, %d offered", len(desc.MediaDescriptions), len(o.sections))
		}
		if strings.Count(answer, "a=ice-lite") != 1 || strings.Count(answer, "a=candidate") != 1 {
			t.Fatalf("smuggled lines in\n%s", answer)
		}
	})
}

// checkSection checks what the rest of the package relies on.
func checkSection(t *testing.T, s *section) {
	t.Helper()
	if s.refused != "" {
		return
	}
	used := make(map[uint8]bool)
	for _, p := range s.payloads {
		if p.codec == sfu.NoCodec || p.codec.Kind() != s.kind || p.pt == 0 || p.pt >= 64 && p.pt <= 95 || used[p.pt] || p.rtx != 0 && used[p.rtx] {
			t.Fatalf("payloads %+v", s.payloads)
		}
		used[p.pt], used[p.rtx] = true, true
	}
	if len(s.payloads) == 0 || s.mid == "" || len(s.mid) > 16 || len(s.rids) > sfu.MaxLayers || len(s.rids) > 0 && s.ext[extRID].id == 0 {
		t.Fatalf("section %+v", s)
	}
	if s.ext[extCongestion].id != 0 && !s.up() && s.payloads.repeat() {
		t.Fatal("numbered, and repeated byte for byte")
	}
}

func FuzzFragment(f *testing.F) {
	f.Add("a=ice-ufrag:EsAw\r\na=ice-pwd:bP+XJMM09aR8AiX1jdukzR6Y\r\n")
	f.Fuzz(func(t *testing.T, raw string) {
		if fr, err := parseFragment(raw); err == nil && !iceString(fr.ufrag, 4) {
			t.Fatalf("%q", fr.ufrag)
		}
	})
}

// FuzzPackets gives decrypted bytes to what parses them.
func FuzzPackets(f *testing.F) {
	f.Add([]byte{0x90, 111, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0xbe, 0xde, 0, 1, 0x40, '0', 0, 0, 1, 2, 3})
	f.Add([]byte{0xb0, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0x10, 0, 0, 1, 4, 1, '1', 0, 0x10, 0, 0, 0, 2})
	f.Add([]byte{0x81, 201, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0xff, 0xff})
	f.Add([]byte{0x90, 97, 0, 1, 0, 0, 0, 1, 0, 0, 0, 9, 0xbe, 0xde, 0, 1, 0x40, '1', 0xb0, 'h', 0, 7, 1, 2, 3})
	f.Add([]byte{0x90, 45, 0, 1, 0, 0, 0, 1, 158, 43, 109, 185, 0xbe, 0xde, 0, 1, 0xc2, 0x80, 0, 1, 0x18, 2, 3})
	f.Add([]byte{0x8f, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0, 3, 0, 0, 1, 0, 0x20, 3, 0, 0})
	f.Add([]byte{0x8f, 206, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0, 'R', 'E', 'M', 'B', 1, 0x13, 0xff, 0xff, 0, 0, 0, 2})
	media, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		f.Fatal(err)
	}
	e, err := New(Config{Media: media, ConnectTimeout: time.Hour})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = e.Close() })
	tr, err := e.Accept(f.Context(), Offer{SDP: load(f, "chromium-simulcast.sdp")})
	if err != nil {
		f.Fatal(err)
	}
	r := reader{t: tr, greeted: true, learned: make(origins)}
	f.Fuzz(func(_ *testing.T, b []byte) {
		r.datagram(append([]byte(nil), b...), netip.AddrPort{})
		r.media(append([]byte(nil), b...))
		tr.control(append([]byte(nil), b...))
		tr.tick(e.cfg.Now())
	})
}
