package rtc

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/iotest"
)

// frames reads all packets of a stream, and why it ends.
func frames(r io.Reader) (list [][]byte, err error) {
	b := bufio.NewReaderSize(r, streamBuffer)
	for {
		frame, err := readFrame(b)
		if err != nil {
			return list, err
		}
		list = append(list, bytes.Clone(frame))
	}
}

func TestFramesAreReadAsWritten(t *testing.T) {
	var stream []byte
	var want [][]byte
	for _, n := range []int{1, 0, 2, 20, maxPacket, 1500, maxPacket, 0, 3} {
		want = append(want, bytes.Repeat([]byte{byte(n)}, n))
		stream = appendFrame(stream, want[len(want)-1])
	}
	for name, r := range map[string]io.Reader{
		"at once": bytes.NewReader(stream), "byte by byte": iotest.OneByteReader(bytes.NewReader(stream)),
		"in halves": iotest.HalfReader(bytes.NewReader(stream)),
	} {
		got, err := frames(r)
		if !errors.Is(err, io.EOF) || !slices.EqualFunc(got, want, bytes.Equal) {
			t.Errorf("%s: %d frames of %d, %v", name, len(got), len(want), err)
		}
	}
}

func TestFramesEnd(t *testing.T) {
	for name, test := range map[string]struct {
		stream []byte
		frames int
		err    error
	}{
		"nothing":            {nil, 0, io.EOF},
		"half a length":      {[]byte{0, 1, 9, 0}, 1, io.EOF},
		"half a frame":       {[]byte{0, 1, 9, 0, 3, 1, 2}, 1, io.EOF},
		"a byte too long":    {[]byte{0x08, 0x01}, 0, errLongFrame},
		"an HTTP request":    {[]byte("GET / HTTP/1.1\r\n"), 0, errLongFrame},
		"a TLS ClientHello":  {[]byte{0x16, 3, 1, 2, 0}, 0, errLongFrame},
		"long after a frame": {[]byte{0, 1, 9, 0xff, 0xff}, 1, errLongFrame},
	} {
		if got, err := frames(bytes.NewReader(test.stream)); len(got) != test.frames || !errors.Is(err, test.err) {
			t.Errorf("%s: %d frames, %v", name, len(got), err)
		}
	}
}

// FuzzFrames has any bytes read as frames, whose writing gives the same bytes.
func FuzzFrames(f *testing.F) {
	f.Add([]byte{0, 1, 9, 0, 0, 0, 2, 1, 2})
	f.Add([]byte{0xff, 0xff})
	f.Add(appendFrame(nil, request(f, "aaaa:x")))
	f.Fuzz(func(t *testing.T, stream []byte) {
		list, err := frames(bytes.NewReader(stream))
		var again []byte
		for _, b := range list {
			if len(b) > maxPacket {
				t.Fatalf("a frame of %d bytes", len(b))
			}
			again = appendFrame(again, b)
		}
		if !bytes.HasPrefix(stream, again) {
			t.Fatalf("%x is not the beginning of %x", again, stream)
		}
		if rest := stream[len(again):]; errors.Is(err, errLongFrame) != (len(rest) >= 2 && int(rest[0])<<8|int(rest[1]) > maxPacket) {
			t.Errorf("%v before %x", err, rest)
		}
	})
}
