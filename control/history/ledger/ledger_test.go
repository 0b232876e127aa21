package ledger_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/history/ledger"
)

var key = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

func seal(t testing.TB, month string, previous *ledger.Previous, lines ...ledger.Line) []byte {
	t.Helper()
	content, err := ledger.Seal(ledger.Header{
		Company: "acme", Month: month, Previous: previous, Sealed: time.Date(2026, 11, 4, 1, 2, 3, 4e8, time.UTC),
	}, lines, key)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

var lines = []ledger.Line{
	{Session: "s1", Room: "daily", People: 2, Stays: 3, Seconds: 600},
	{Session: "s2", Room: "a<b> \"c\"", People: 1, Stays: 1, Seconds: 30},
	{Session: "s3", Room: "daily", People: 4, Stays: 5, Seconds: 90},
}

func TestSealedMonthsVerify(t *testing.T) {
	for _, n := range []int{0, 1, 3} {
		got, err := ledger.Verify(seal(t, "2026-10", nil, lines[:n]...), public(key))
		if err != nil || len(got.Lines) != n || got.Total.Sessions != n || got.Header.Month != "2026-10" {
			t.Errorf("%d lines: %+v, %v", n, got, err)
		}
	}
	got, err := ledger.Verify(seal(t, "2026-10", nil, lines...), public(key))
	want := ledger.Total{Sessions: 3, Stays: 9, Seconds: 720}
	if err != nil || got.Total != want || got.Lines[2].Number != 3 || got.Lines[1].Room != lines[1].Room {
		t.Errorf("%+v, %v", got, err)
	}
}

// Files that customers keep must verify in years: this one was sealed by the first version.
func TestTheFormStays(t *testing.T) {
	want, err := os.ReadFile("testdata/2026-10.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	if got := seal(t, "2026-10", &ledger.Previous{Month: "2026-08", Hash: strings.Repeat("ab", 32)}, lines...); !bytes.Equal(got, want) {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if _, err := ledger.Verify(want, public(key)); err != nil {
		t.Error(err)
	}
}

func TestOneChangedByteIsFound(t *testing.T) {
	content := seal(t, "2026-10", nil, lines...)
	for i := range content {
		for _, bit := range []byte{1, 2, 4, 0x20, 0x80} {
			changed := bytes.Clone(content)
			changed[i] ^= bit
			if _, err := ledger.Verify(changed, public(key)); err == nil {
				t.Fatalf("byte %d of %q changed to %q unnoticed", i, content, changed[i])
			}
		}
	}
}

func TestErrorsSayWhatIsWrong(t *testing.T) {
	content := seal(t, "2026-10", nil, lines...)
	split := bytes.SplitAfter(content, []byte("\n"))
	without := func(drop ...int) (out []byte) {
		for i, line := range split {
			keep := true
			for _, d := range drop {
				keep = keep && i != d
			}
			if keep {
				out = append(out, line...)
			}
		}
		return out
	}
	replace := func(old, by string) []byte { return bytes.Replace(content, []byte(old), []byte(by), 1) }
	other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, ed25519.SeedSize))
	tests := []struct {
		name    string
		content []byte
		key     ed25519.PublicKey
		want    error
		text    string
	}{
		{"nothing", nil, public(key), ledger.ErrForm, "empty"},
		{"something else", []byte("hello\nworld\n"), public(key), ledger.ErrMissing, "the signature"},
		{"first line of two gone", without(1), public(key), ledger.ErrMissing, "line 2 is number 2, not 1"},
		{"line in between gone", without(2), public(key), ledger.ErrMissing, "line 3 is number 3, not 2"},
		{"last session gone", without(3), public(key), ledger.ErrMissing, "the total is of 3 sessions, there are 2"},
		{"header gone", without(0), public(key), ledger.ErrForm, "header"},
		{"total gone", without(4), public(key), ledger.ErrMissing, "line 4 is not the total"},
		{"signature gone", without(5), public(key), ledger.ErrMissing, "not the signature"},
		{"all but the header gone", without(1, 2, 3, 4), public(key), ledger.ErrMissing, "no total"},
		{"cut", content[:len(content)-1], public(key), ledger.ErrMissing, "no end"},
		{"a line twice", append(without(4, 5), bytes.Join(split[3:], nil)...), public(key), ledger.ErrMissing, "number 3, not 4"},
		{"seconds", replace(`"seconds":600`, `"seconds":900`), public(key), ledger.ErrChanged, "sum up"},
		{"room", replace(`"room":"daily"`, `"room":"dally"`), public(key), ledger.ErrChanged, "hash"},
		{"month", replace("2026-10", "2026-09"), public(key), ledger.ErrChanged, "hash"},
		{"spaces", replace(`"stays":3`, `"stays": 3`), public(key), ledger.ErrForm, "line 2"},
		{"field", replace(`"stays":3`, `"stays":3,"free":true`), public(key), ledger.ErrForm, "canonical"},
		{"other key", content, public(other), ledger.ErrKey, ledger.KeyID(public(other))},
		{"no key", content, nil, ledger.ErrKey, "Ed25519"},
		{"other key under this name", replace(ledger.KeyID(public(key)), ledger.KeyID(public(other))), public(other), ledger.ErrChanged, "signature"},
	}
	for _, test := range tests {
		_, err := ledger.Verify(test.content, test.key)
		if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%s: %v, want %v … %s", test.name, err, test.want, test.text)
		}
	}
}

func TestMonthsAreChained(t *testing.T) {
	first := seal(t, "2026-09", nil, lines[0])
	forged := seal(t, "2026-09", nil, lines[1])
	verified := func(content []byte) ledger.Ledger {
		l, err := ledger.Verify(content, public(key))
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	next := verified(seal(t, "2026-10", &ledger.Previous{Month: "2026-09", Hash: ledger.Hash(first)}, lines[1]))
	foreign := next
	foreign.Header.Company = "other"
	tests := []struct {
		name     string
		next     ledger.Ledger
		previous []byte
		text     string
	}{
		{"as sealed", next, first, ""},
		{"exchanged", next, forged, "is not the one"},
		{"skipped", next, seal(t, "2026-08", nil), "not 2026-08"},
		{"first", verified(first), forged, "is the first"},
		{"two companies", foreign, first, "two companies"},
		{"nothing", next, nil, "empty"},
		{"not a ledger", next, []byte("{}\n{}\n"), "header"},
	}
	for _, test := range tests {
		err := ledger.Follows(test.next, test.previous)
		if (err == nil) != (test.text == "") || err != nil && !strings.Contains(err.Error(), test.text) {
			t.Errorf("%s: %v, want %q", test.name, err, test.text)
		}
	}
}

func FuzzVerify(f *testing.F) {
	f.Add(seal(f, "2026-10", nil, lines...))
	f.Add(seal(f, "2026-10", nil))
	f.Add([]byte("{\"ledger\":\"meridian-usage/1\"}\n{}\n{}\n"))
	good := seal(f, "2026-10", nil, lines...)
	f.Fuzz(func(t *testing.T, content []byte) {
		l, err := ledger.Verify(content, public(key))
		if err != nil {
			return
		}
		again, err := ledger.Seal(l.Header, l.Lines, key)
		if err != nil || !bytes.Equal(again, content) {
			t.Fatalf("verified %q, which is not what was sealed: %q, %v", content, again, err)
		}
		if err := ledger.Follows(l, good); err == nil && l.Header.Previous == nil {
			t.Fatal("the first follows another")
		}
	})
}
