package wire

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMediaRoundTrip(t *testing.T) {
	for _, alias := range []uint32{0, 63, 64, 1<<14 - 1, 1 << 14, MaxAlias} {
		for _, want := range []Media{sampleMedia, {}, {Layer: 1}, {AudioLevel: 1, Marker: true}, {Codec: CodecRED},
			{Descriptor: []byte{9}}, {Payload: make([]byte, MaxPayload)}, fullMedia()} {
			b := AppendMedia(nil, alias, &want)
			if len(b) != want.Size(alias) {
				t.Errorf("size %d, encoded %d", want.Size(alias), len(b))
			}
			var got Media
			gotAlias, n, err := DecodeMedia(append(b, "rest"...), &got)
			if err != nil || gotAlias != alias || n != len(b) {
				t.Fatalf("alias %d: %d, %d, %v", alias, gotAlias, n, err)
			}
			if len(want.Payload) == 0 {
				want.Payload = got.Payload
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			for cut := range b {
				if _, _, err := DecodeMedia(b[:cut], &got); !errors.Is(err, ErrShort) {
					t.Fatalf("cut at %d of %d: %v", cut, len(b), err)
				}
			}
		}
	}
	if class, clock, err := DecodeBundleHeader(AppendBundleHeader(nil, ClassVideo, 77)); class != ClassVideo || clock != 77 || err != nil {
		t.Errorf("header %v %d %v", class, clock, err)
	}
}

// fullMedia is the largest packet that fits.
func fullMedia() Media {
	return Media{Layer: 3, AudioLevel: 1, Codec: CodecAV1, Descriptor: make([]byte, MaxDescriptor), Payload: make([]byte, MaxPayload)}
}

func TestMediaFits(t *testing.T) {
	full := fullMedia()
	if !full.Fits() || full.Size(MaxAlias) != MaxRecord {
		t.Errorf("the largest packet fits: %v, %d bytes of %d", full.Fits(), full.Size(MaxAlias), MaxRecord)
	}
	for _, p := range []Media{{Descriptor: make([]byte, MaxDescriptor+1)}, {Payload: make([]byte, MaxPayload+1)}} {
		if p.Fits() {
			t.Errorf("descriptor of %d, payload of %d bytes fit", len(p.Descriptor), len(p.Payload))
		}
	}
}

func TestMediaRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		record string
		want   error
	}{
		{"alias of eight bytes", "\xc0\x00\x00\x00\x00\x00\x00\x00", ErrMalformed},
		{"unknown flag", "\x01\x04", ErrMalformed},
		{"descriptor of no bytes", "\x01\x08\x00\x01\x00\x00\x00\x02\x00\x00\x00", ErrMalformed},
		{"payload too large", "\x01\x00\x00\x01\x00\x00\x00\x02\xff\xff", ErrTooLarge},
	} {
		var p Media
		if _, _, err := DecodeMedia([]byte(c.record), &p); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestMediaAllocatesNothing(t *testing.T) {
	buf := make([]byte, 0, MaxRecord)
	var p Media
	if n := testing.AllocsPerRun(100, func() {
		b := AppendMedia(buf, 300, &sampleMedia)
		if _, _, err := DecodeMedia(b, &p); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
}

func FuzzMedia(f *testing.F) {
	b := AppendBundleHeader(nil, ClassVideo, 1)
	b = AppendMedia(b, 1, &sampleMedia)
	b = AppendMedia(b, 1<<20, &Media{Payload: []byte("x")})
	f.Add(b)
	f.Add([]byte{1, 0, 0, 0, 0, 0xc0})
	full := fullMedia()
	f.Add(AppendMedia(AppendBundleHeader(nil, ClassAudio, 2), 3, &full))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, _, err := DecodeBundleHeader(b); err != nil {
			return
		}
		var p, again Media
		for at := BundleHeader; at < len(b); {
			alias, n, err := DecodeMedia(b[at:], &p)
			if err != nil {
				return
			}
			if n <= 0 || at+n > len(b) || !p.Fits() || alias > MaxAlias {
				t.Fatalf("record of %d bytes at %d of %d, alias %d", n, at, len(b), alias)
			}
			a, _, err := DecodeMedia(AppendMedia(nil, alias, &p), &again)
			if err != nil || a != alias || !cmp.Equal(p, again) {
				t.Fatalf("%+v became %+v under %d, %v", p, again, a, err)
			}
			at += n
		}
	})
}

func BenchmarkMedia(b *testing.B) {
	p := Media{Layer: 1, SequenceNumber: 1, Timestamp: 2, Payload: make([]byte, 1150)}
	buf := make([]byte, 0, MaxRecord)
	var got Media
	b.ReportAllocs()
	for b.Loop() {
		encoded := AppendMedia(buf, 300, &p)
		if _, _, err := DecodeMedia(encoded, &got); err != nil {
			b.Fatal(err)
		}
	}
}
