package wire

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	sampleHello = Hello{MinVersion: 1, MaxVersion: 3, Node: "fra-1", Build: "v1.2", Capabilities: CapDatagrams,
		Role: RoleMedia, Session: 1 << 60, Index: 7}
	sampleSubscribe = Subscribe{Company: "acme", Room: "daily", Track: "cam", Epoch: 9, Path: []string{"syd-1", "iad-1"}, Trace: "t",
		Layers: Layers{1, 2}, Origin: "fra-1"}
	sampleMedia = Media{Layer: 2, SequenceNumber: 65535, Timestamp: 1 << 31, Marker: true, AudioLevel: 0x9e,
		Codec: CodecAV1, Descriptor: []byte{0x80, 0, 1}, Payload: []byte("payload")}
)

// frames are one of every control frame.
func frames() [][]byte {
	return [][]byte{
		AppendHello(nil, sampleHello),
		AppendPing(nil, Ping{42, true}),
		AppendPong(nil, 43),
		AppendReceived(nil, []Count{{1, 2, 3}, {4, 5, 6}}),
		AppendArrived(nil, Arrived{1, 2, 3, 4}),
		AppendMessage(nil, Message{Topic: "room", Body: []byte("hello")}),
		AppendSubscribe(nil, 5, sampleSubscribe),
		AppendAccepted(nil, TrackInfo{Kind: KindVideo, Codec: "VP8", ClockRate: 90000}, []string{"iad-1", "fra-1"}),
		AppendTrackPath(nil, []string{"lhr-1", "fra-1"}),
		AppendRefused(nil, Refused{Code: CodeRemote, Name: "full", Text: "no place"}),
		AppendKeyframe(nil, 2),
		AppendReport(nil, Report{Layer: 2, NTP: 1 << 63, RTP: 77}),
		AppendLayers(nil, Layers{2, 1}),
		AppendCall(nil, Call{Topic: "join", Timeout: 500, Body: []byte("who")}),
		AppendAnswer(nil, []byte("me")),
	}
}

// granted is what an Accepted says.
type granted struct {
	Info TrackInfo
	Path []string
}

// decode decodes a body by type; the values are made comparable.
func decode(t Type, body []byte) (any, error) {
	switch t {
	case TypeHello:
		return DecodeHello(body)
	case TypePing:
		return DecodePing(body)
	case TypePong:
		return DecodePong(body)
	case TypeReceived:
		return DecodeReceived(body, nil)
	case TypeArrived:
		return DecodeArrived(body)
	case TypeMessage:
		return DecodeMessage(body)
	case TypeSubscribe:
		_, s, err := DecodeSubscribe(body)
		return s, err
	case TypeAccepted:
		info, path, err := DecodeAccepted(body)
		return granted{info, path}, err
	case TypePath:
		return DecodeTrackPath(body)
	case TypeRefused:
		return DecodeRefused(body)
	case TypeKeyframe:
		return DecodeKeyframe(body)
	case TypeReport:
		return DecodeReport(body)
	case TypeLayers:
		return DecodeLayers(body)
	case TypeCall:
		return DecodeCall(body)
	case TypeAnswer:
		return DecodeAnswer(body)
	default:
		return nil, ErrMalformed
	}
}

func TestControlRoundTrip(t *testing.T) {
	want := []any{
		sampleHello, Ping{42, true}, uint64(43), []Count{{1, 2, 3}, {4, 5, 6}}, Arrived{1, 2, 3, 4},
		Message{Topic: "room", Body: []byte("hello")}, sampleSubscribe,
		granted{TrackInfo{Kind: KindVideo, Codec: "VP8", ClockRate: 90000}, []string{"iad-1", "fra-1"}}, []string{"lhr-1", "fra-1"},
		Refused{Code: CodeRemote, Name: "full", Text: "no place"}, uint8(2),
		Report{Layer: 2, NTP: 1 << 63, RTP: 77}, Layers{2, 1},
		Call{Topic: "join", Timeout: 500, Body: []byte("who")}, []byte("me"),
	}
	stream := bytes.NewReader(bytes.Join(frames(), nil))
	for i := range want {
		frameType, body, err := ReadFrame(stream, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decode(frameType, body)
		if err != nil {
			t.Fatalf("frame %#x: %v", uint8(frameType), err)
		}
		if diff := cmp.Diff(want[i], got); diff != "" {
			t.Errorf("frame %#x: %s", uint8(frameType), diff)
		}
		if later, err := decode(frameType, append(body, "a later field"...)); err != nil || !cmp.Equal(later, got) {
			t.Errorf("frame %#x with a later field: %v, %v", uint8(frameType), later, err)
		}
	}
	if _, _, err := ReadFrame(stream, nil); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
}

// before are the lengths of the sample bodies without the fields added since version 1
// began; older peers send them so.
var before = map[Type]int{
	TypePing:      8,
	TypeSubscribe: len(AppendSubscribe(nil, 5, sampleSubscribe)) - frameHeader - len("??fra-1"),
	TypeAccepted:  1 + len("??VP8") + 4,
}

func TestOlderPeersSayLess(t *testing.T) {
	whole := AppendSubscribe(nil, 5, sampleSubscribe)[frameHeader:]
	want := sampleSubscribe
	want.Origin = ""
	if _, s, err := DecodeSubscribe(whole[:before[TypeSubscribe]]); err != nil || !cmp.Equal(s, want) {
		t.Errorf("subscription without an origin is %+v, %v", s, err)
	}
	info, path, err := DecodeAccepted(AppendAccepted(nil, TrackInfo{Kind: KindAudio, Codec: "opus"}, nil)[frameHeader:][:1+6+4])
	if err != nil || info.Codec != "opus" || path != nil {
		t.Errorf("answer without a path is %+v, %q, %v", info, path, err)
	}
	if p, err := DecodePing(AppendPing(nil, Ping{7, true})[frameHeader:][:8]); err != nil || p != (Ping{Sequence: 7}) {
		t.Errorf("ping that does not say whether it is deaf is %+v, %v", p, err)
	}
}

func TestEveryCutIsAnError(t *testing.T) {
	for _, frame := range frames() {
		for cut := 1; cut < len(frame); cut++ {
			if _, _, err := ReadFrame(bytes.NewReader(frame[:cut]), nil); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("frame %#x cut at %d: %v", frame[0], cut, err)
			}
		}
		for cut := range len(frame) - frameHeader {
			_, err := decode(Type(frame[0]), frame[frameHeader:frameHeader+cut])
			if length, ok := before[Type(frame[0])]; (err == nil) != (ok && cut == length) {
				t.Fatalf("frame %#x with a body of %d bytes gives %v", frame[0], cut, err)
			}
		}
	}
}

func TestLimits(t *testing.T) {
	long := strings.Repeat("x", 70000)
	if got := AppendRefused(nil, Refused{Text: long}); len(got) > MaxControl {
		t.Errorf("refusal of %d bytes", len(got))
	}
	// A length over the limit is refused before the body is read.
	if _, _, err := ReadFrame(strings.NewReader("\x02\xff\xff\xff\xff"), nil); !errors.Is(err, ErrTooLarge) {
		t.Errorf("ping of 4 GB: %v", err)
	}
	if _, _, err := ReadFrame(strings.NewReader("\x05\x00\x10\x00\x00"), nil); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("message that never comes: %v", err)
	}
	path := make([]string, 20)
	if _, s, err := DecodeSubscribe(AppendSubscribe(nil, 1, Subscribe{Path: path})[frameHeader:]); err != nil || len(s.Path) != MaxPath {
		t.Errorf("path of %d, %v", len(s.Path), err)
	}
	worst := Subscribe{Company: long, Room: long, Track: long, Trace: long}
	for range MaxPath {
		worst.Path = append(worst.Path, long)
	}
	if got := len(AppendSubscribe(nil, 1, worst)) - frameHeader; got > MaxControl {
		t.Errorf("the largest subscription has %d bytes, over its limit", got)
	}
}

func TestVersions(t *testing.T) {
	for _, c := range []struct {
		theirMin, theirMax, ourMin, ourMax, want uint16
		ok                                       bool
	}{
		{1, 1, 1, 1, 1, true}, {1, 3, 2, 5, 3, true}, {2, 5, 1, 3, 3, true}, {1, 1, 2, 3, 0, false}, {4, 5, 2, 3, 0, false},
	} {
		got, ok := Hello{MinVersion: c.theirMin, MaxVersion: c.theirMax}.Version(c.ourMin, c.ourMax)
		if ok != c.ok || (ok && got != c.want) {
			t.Errorf("%+v gives %d, %v", c, got, ok)
		}
	}
}

func FuzzControl(f *testing.F) {
	for _, frame := range frames() {
		f.Add(frame)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(b)
		for {
			frameType, body, err := ReadFrame(r, nil)
			if err != nil {
				return
			}
			if len(body) > Limit(frameType) {
				t.Fatalf("body of %d bytes", len(body))
			}
			if _, err := decode(frameType, body); err != nil {
				continue
			}
			// What decodes must survive being sent on.
			if frameType == TypeSubscribe {
				alias, s, _ := DecodeSubscribe(body)
				_, again, err := DecodeSubscribe(AppendSubscribe(nil, alias, s)[frameHeader:])
				if err != nil || !cmp.Equal(s, again) {
					t.Fatalf("%+v became %+v, %v", s, again, err)
				}
			}
			if frameType == TypePath {
				path, _ := DecodeTrackPath(body)
				if again, err := DecodeTrackPath(AppendTrackPath(nil, path)[frameHeader:]); err != nil || !cmp.Equal(path, again) {
					t.Fatalf("%q became %q, %v", path, again, err)
				}
			}
			if frameType == TypeLayers {
				l, _ := DecodeLayers(body)
				if again, err := DecodeLayers(AppendLayers(nil, l)[frameHeader:]); err != nil || again != l {
					t.Fatalf("%+v became %+v, %v", l, again, err)
				}
			}
			if frameType == TypeHello {
				h, _ := DecodeHello(body)
				if again, err := DecodeHello(AppendHello(nil, h)[frameHeader:]); err != nil || again != h {
					t.Fatalf("%+v became %+v, %v", h, again, err)
				}
			}
		}
	})
}
