package seal

import (
	"bytes"
	"errors"
	"testing"
)

func sealer(t testing.TB, fill byte) *Sealer {
	t.Helper()
	s, err := New(bytes.Repeat([]byte{fill}, KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhatIsSealedOpensForItsSubjectAlone(t *testing.T) {
	s := sealer(t, 1)
	secret := []byte("123456")
	sealed := s.Seal(secret, "room", "r1", "pin")
	if got, err := s.Open(sealed, "room", "r1", "pin"); err != nil || !bytes.Equal(got, secret) {
		t.Fatalf("%q %v", got, err)
	}
	if bytes.Contains(sealed, secret) || bytes.Equal(sealed, s.Seal(secret, "room", "r1", "pin")) {
		t.Error("the secret shows, or equal secrets look equal")
	}
	changed := bytes.Clone(sealed)
	changed[len(changed)-1] ^= 1
	newer := bytes.Clone(sealed)
	newer[0]++
	for name, open := range map[string]func() ([]byte, error){
		"other room":    func() ([]byte, error) { return s.Open(sealed, "room", "r2", "pin") },
		"other split":   func() ([]byte, error) { return s.Open(sealed, "room", "r", "1pin") },
		"other key":     func() ([]byte, error) { return sealer(t, 2).Open(sealed, "room", "r1", "pin") },
		"changed":       func() ([]byte, error) { return s.Open(changed, "room", "r1", "pin") },
		"other version": func() ([]byte, error) { return s.Open(newer, "room", "r1", "pin") },
		"cut":           func() ([]byte, error) { return s.Open(sealed[:5], "room", "r1", "pin") },
		"nothing":       func() ([]byte, error) { return s.Open(nil, "room", "r1", "pin") },
	} {
		if got, err := open(); !errors.Is(err, ErrSealed) || got != nil {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
}

func TestDigestsFindEqualSecretsOfOnePurpose(t *testing.T) {
	s := sealer(t, 1)
	d := s.Digest("pin", "1234")
	if d != s.Digest("pin", "1234") {
		t.Error("equal secrets, different digests")
	}
	for name, other := range map[string]string{
		"another secret": s.Digest("pin", "1235"), "another purpose": s.Digest("code", "1234"),
		"another key": sealer(t, 2).Digest("pin", "1234"), "another split": s.Digest("pin1", "234"),
	} {
		if d == other {
			t.Errorf("%s: equal digests", name)
		}
	}
}

func TestKeysOfTheWrongLengthAreRefused(t *testing.T) {
	for _, n := range []int{0, 16, 31, 33} {
		if _, err := New(make([]byte, n)); err == nil {
			t.Errorf("%d bytes make a key", n)
		}
	}
}

func FuzzOpen(f *testing.F) {
	s := sealer(f, 1)
	f.Add(s.Seal([]byte("x"), "a"))
	f.Add([]byte{version})
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if got, err := s.Open(sealed, "b"); err == nil {
			t.Fatalf("opened %q", got)
		}
	})
}
