package rtc

import (
	"strings"
	"testing"

	"github.com/meridian-video/meridian/edge/sfu"
)

// offered is an offer of one section: its m= line's kind, direction and
// formats, and the attributes that describe them.
func offered(media, dir, formats string, attributes ...string) string {
	return "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n" +
		"a=fingerprint:sha-256 " + strings.TrimSuffix(strings.Repeat("AB:", 32), ":") + "\r\n" +
		"m=" + media + " 9 UDP/TLS/RTP/SAVPF " + formats + "\r\nc=IN IP4 0.0.0.0\r\n" +
		"a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\na=setup:actpass\r\na=mid:0\r\na=rtcp-mux\r\na=" + dir + "\r\n" +
		"a=" + strings.Join(attributes, "\r\na=") + "\r\n"
}

// taken is the payload types that a section answers, by codec.
func (s *section) taken() string {
	var list []string
	for _, p := range s.payloads {
		list = append(list, p.codec.String()+strings.TrimRight(payloads{p}.list(), " "))
	}
	return strings.Join(list, ", ")
}

func TestCodecsOfBrowsers(t *testing.T) {
	for _, test := range []struct {
		offer string
		want  []string
	}{
		{"chromium-simulcast.sdp", []string{
			"red 63, opus 111", "vp8 96 97", "av1 45 46",
			"vp8 96 97, vp9 98 99, h264 108 109, av1 45 46", "opus 111, red 63",
		}},
		{"firefox-simulcast.sdp", []string{
			"opus 109", "vp8 120 124", "av1 99 100",
			"vp8 120 124, vp9 121 125, av1 99 100", "opus 109",
		}},
	} {
		o := mustParse(t, load(t, test.offer))
		if len(o.sections) != len(test.want) {
			t.Fatalf("%s: %d sections", test.offer, len(o.sections))
		}
		for i := range o.sections {
			if got := o.sections[i].taken(); got != test.want[i] {
				t.Errorf("%s: section %d takes %q, want %q", test.offer, i, got, test.want[i])
			}
		}
	}
}

func TestCodecs(t *testing.T) {
	h264 := func(pt, profile, mode string) []string {
		fmtp := "fmtp:" + pt + " profile-level-id=" + profile
		if mode != "" {
			fmtp += "; packetization-mode=" + mode
		}
		return []string{"rtpmap:" + pt + " H264/90000", fmtp}
	}
	list := func(all ...[]string) (l []string) {
		for _, a := range all {
			l = append(l, a...)
		}
		return l
	}
	for _, test := range []struct {
		name, media, dir, formats string
		attributes                []string
		want                      string
	}{
		{"up takes the client's first", "video", "sendonly", "98 96", []string{"rtpmap:96 VP8/90000", "rtpmap:98 VP9/90000"}, "vp9 98"},
		{"slot takes all", "video", "recvonly", "98 96", []string{"rtpmap:96 VP8/90000", "rtpmap:98 VP9/90000"}, "vp9 98, vp8 96"},
		{"each once", "video", "recvonly", "96 97", []string{"rtpmap:96 VP8/90000", "rtpmap:97 VP8/90000"}, "vp8 96"},
		{"profile 2 of VP9 is not taken", "video", "recvonly", "97 98", []string{"rtpmap:97 VP9/90000", "fmtp:97 profile-id=2", "rtpmap:98 VP9/90000", "fmtp:98 profile-id=0"}, "vp9 98"},
		{"profile 1 of AV1 is not taken", "video", "recvonly", "97", []string{"rtpmap:97 AV1/90000", "fmtp:97 level-idx=5;profile=1;tier=0"}, ""},
		{"mode 1 before 0", "video", "sendonly", "100 101", list(h264("100", "42e01f", ""), h264("101", "42e01f", "1")), "h264 101"},
		{"mode 0 where there is no 1", "video", "sendonly", "100", h264("100", "42c01f", "0"), "h264 100"},
		{"no interleaving", "video", "sendonly", "100", h264("100", "42e01f", "2"), ""},
		{"no baseline without constraints", "video", "sendonly", "100", h264("100", "42001f", "1"), ""},
		{"no high profile", "video", "sendonly", "100", h264("100", "640c1f", "1"), ""},
		{"no profile at all", "video", "sendonly", "100", []string{"rtpmap:100 H264/90000"}, ""},
		{"nonsense profile", "video", "sendonly", "100", h264("100", "-42e01f", "1"), ""},
		{"RTX", "video", "sendonly", "96 97", []string{"rtpmap:96 VP8/90000", "rtpmap:97 rtx/90000", "fmtp:97 apt=96;rtx-time=3000"}, "vp8 96 97"},
		{"RTX of something else", "video", "sendonly", "96 97 98", []string{"rtpmap:96 VP8/90000", "rtpmap:97 rtx/90000", "fmtp:97 apt=98", "rtpmap:98 VP9/90000"}, "vp8 96"},
		{"RTX at another clock", "video", "sendonly", "96 97", []string{"rtpmap:96 VP8/90000", "rtpmap:97 rtx/48000", "fmtp:97 apt=96"}, "vp8 96"},
		{"RTX of RTX", "video", "sendonly", "96 97", []string{"rtpmap:96 VP8/90000", "rtpmap:97 rtx/90000", "fmtp:97 apt=97"}, "vp8 96"},
		{"video's red is another", "video", "recvonly", "116 96", []string{"rtpmap:116 red/90000", "rtpmap:96 VP8/90000"}, "vp8 96"},
		{"payload types of RTCP", "video", "sendonly", "72 96", []string{"rtpmap:72 VP8/90000", "rtpmap:96 VP9/90000"}, "vp9 96"},
		{"format that m= does not list", "video", "sendonly", "96", []string{"rtpmap:96 VP7/90000", "rtpmap:97 VP8/90000"}, ""},
		{"Opus without RED", "audio", "sendonly", "111 63", []string{"rtpmap:111 opus/48000/2", "rtpmap:63 red/48000/2", "fmtp:63 111/111"}, "opus 111"},
		{"RED first", "audio", "sendonly", "63 111", []string{"rtpmap:111 opus/48000/2", "rtpmap:63 red/48000/2", "fmtp:63 111/111"}, "red 63, opus 111"},
		{"RED of something else", "audio", "sendonly", "63 111", []string{"rtpmap:111 opus/48000/2", "rtpmap:63 red/48000/2", "fmtp:63 111/0"}, "opus 111"},
		{"RED without parameters", "audio", "recvonly", "63 111", []string{"rtpmap:111 opus/48000/2", "rtpmap:63 red/48000/2"}, "opus 111"},
		{"RED alone", "audio", "sendonly", "63", []string{"rtpmap:63 red/48000/2", "fmtp:63 111/111"}, ""},
	} {
		o, err := parseOffer(offered(test.media, test.dir, test.formats, test.attributes...))
		if test.want == "" {
			if err == nil || !strings.Contains(err.Error(), "no known") {
				t.Errorf("%s: %v", test.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		} else if got := o.sections[0].taken(); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// answerTo is what is answered to an offer of one section, from its m= line on.
func answerTo(t *testing.T, offer string) string {
	t.Helper()
	o := mustParse(t, offer)
	slots := map[string]slotID{}
	if !o.sections[0].up() {
		slots["0"] = slotID{1, 2, "name"}
	}
	answer := writeAnswer(o, local{}, slots)
	return answer[strings.Index(answer, "m="):]
}

func TestAnswersOfCodecs(t *testing.T) {
	vp8 := []string{"rtpmap:96 VP8/90000", "fmtp:96 max-fs=3600", "rtcp-fb:96 nack", "rtcp-fb:96 goog-remb"}
	for _, test := range []struct {
		name, dir, formats string
		attributes         []string
		with, without      []string
	}{
		{"the client's bounds do not bind it", "sendonly", "96", vp8, []string{"rtpmap:96 VP8/90000", "rtcp-fb:96 nack"}, []string{"max-fs", "goog-remb"}},
		{"a slot takes REMB", "recvonly", "96", vp8, []string{"rtcp-fb:96 goog-remb", "ssrc-group:FID 1 2"}, []string{"rid", "simulcast"}},
		{"one line for all payload types", "recvonly", "96 97", append([]string{"rtpmap:97 VP9/90000", "rtcp-fb:97 nack", "rtcp-fb:97 goog-remb"}, vp8...), []string{"rtcp-fb:* nack", "rtcp-fb:* goog-remb"}, []string{"rtcp-fb:9"}},
		{"unless they differ", "recvonly", "96 97", append([]string{"rtpmap:97 VP9/90000", "rtcp-fb:97 nack pli"}, vp8...), []string{"rtcp-fb:96 nack", "rtcp-fb:97 nack pli"}, []string{"rtcp-fb:*"}},
		{"H.264 with its parameters", "sendonly", "100", []string{"rtpmap:100 H264/90000", "fmtp:100 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"},
			[]string{"rtpmap:100 H264/90000", "fmtp:100 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"}, nil},
		{"VP9 with its profile alone", "sendonly", "98", []string{"rtpmap:98 VP9/90000", "fmtp:98 profile-id=0;max-fr=30"}, []string{"fmtp:98 profile-id=0\r\n"}, []string{"max-fr"}},
	} {
		answer := answerTo(t, offered("video", test.dir, test.formats, test.attributes...))
		for _, want := range test.with {
			if !strings.Contains(answer, "a="+want) {
				t.Errorf("%s: no %q in\n%s", test.name, want, answer)
			}
		}
		for _, not := range test.without {
			if strings.Contains(answer, not) {
				t.Errorf("%s: %q in\n%s", test.name, not, answer)
			}
		}
	}
}

// A packet that is repeated in its own stream must stay what it was, and a
// transport-wide number would change it.
func TestRepetitionExcludesTransportWideNumbers(t *testing.T) {
	twcc := []string{"extmap:3 " + extensionURIs[extCongestion], "rtpmap:96 VP8/90000", "rtcp-fb:96 transport-cc"}
	rtx := []string{"rtpmap:97 rtx/90000", "fmtp:97 apt=96"}
	nack := []string{"rtcp-fb:96 nack"}
	join := func(lists ...[]string) (all []string) {
		for _, l := range lists {
			all = append(all, l...)
		}
		return all
	}
	for _, test := range []struct {
		name, dir  string
		attributes []string
		want       bool
	}{
		{"slot without repair", "recvonly", twcc, true},
		{"slot with RTX", "recvonly", join(twcc, nack, rtx), true},
		{"slot that repeats", "recvonly", join(twcc, nack), false},
		{"up, which is not ours to repeat", "sendonly", join(twcc, nack), true},
		{"extension without feedback", "recvonly", twcc[:2], false},
	} {
		answer := answerTo(t, offered("video", test.dir, "96 97", test.attributes...))
		ext, fb := strings.Contains(answer, "a=extmap:3 "), strings.Contains(answer, " transport-cc\r\n")
		if ext != test.want || fb != test.want {
			t.Errorf("%s: extension %v, feedback %v, want %v", test.name, ext, fb, test.want)
		}
	}
}

func TestCodecsOfASlotAreItsTracks(t *testing.T) {
	tr := idle(t, "chromium-simulcast.sdp")
	for codec, want := range map[sfu.Codec]uint8{sfu.VP8: 96, sfu.VP9: 98, sfu.H264: 108, sfu.AV1: 45, sfu.Opus: 0} {
		if got := tr.downs[0].payloads[codec].pt; got != want {
			t.Errorf("%v has payload type %d, want %d", codec, got, want)
		}
	}
	if u := tr.Ups()[2]; u.Track.Codec() != sfu.AV1 || u.Encodings != 1 {
		t.Errorf("%v with %d encodings", u.Track.Codec(), u.Encodings)
	}
}
