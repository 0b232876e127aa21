package archive

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

// text is a state of lines.
type text string

func (s text) WriteSnapshot(w io.Writer) error {
	_, err := io.WriteString(w, string(s))
	return err
}

const lines = `{"format":1,"index":7}
{"k":"platform","d":{"epoch":"old","default_company":"a"}}
{"k":"company","d":{"id":"a","name":"platform"}}
{"k":"company","d":{"id":"b"}}
{"k":"","end":3}
`

func file(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, Head{Cluster: "c", Index: 9, Term: 2, Members: []string{"control-1"}}, text(lines)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAWholeFileIsRead(t *testing.T) {
	b := file(t)
	h, state, err := Check(bytes.NewReader(b), int64(len(b)))
	if err != nil || h.Cluster != "c" || h.Index != 9 || h.Term != 2 || len(h.Members) != 1 {
		t.Fatalf("%+v %v", h, err)
	}
	kinds, err := Count(state)
	if err != nil || kinds["company"] != 2 || kinds["platform"] != 1 || len(kinds) != 2 {
		t.Fatalf("%v %v", kinds, err)
	}
	if _, err := state.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := WithEpoch(&out, state, "new"); err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(lines, `"epoch":"old","default_company":"a"`, `"default_company":"a","epoch":"new"`, 1)
	if out.String() != want {
		t.Fatalf("got\n%s\nwant\n%s", &out, want)
	}
}

func TestATornOrChangedFileIsRefused(t *testing.T) {
	b := file(t)
	for n := range b {
		if _, _, err := Check(bytes.NewReader(b[:n]), int64(n)); !errors.Is(err, ErrArchive) {
			t.Fatalf("cut at %d: %v", n, err)
		}
		changed := bytes.Clone(b)
		changed[n] ^= 1
		if _, _, err := Check(bytes.NewReader(changed), int64(len(b))); !errors.Is(err, ErrArchive) {
			t.Fatalf("changed at %d: %v", n, err)
		}
	}
	for _, foreign := range []string{"", "hello", strings.Repeat("x\n", 100)} {
		if _, _, err := Check(strings.NewReader(foreign), int64(len(foreign))); !errors.Is(err, ErrArchive) {
			t.Errorf("%.10q: %v", foreign, err)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add(file(f))
	f.Add([]byte("sha256:"))
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _, _ = Check(bytes.NewReader(b), int64(len(b)))
		_, _ = Count(bytes.NewReader(b))
		_ = WithEpoch(io.Discard, bytes.NewReader(b), "e")
	})
}
