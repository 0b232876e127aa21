package client

import (
	"bytes"
	"context"
	"testing"

	"github.com/meridian-video/meridian/control/password"
	"github.com/meridian-video/meridian/control/seal"
	"github.com/meridian-video/meridian/control/state"
)

var sealKey = bytes.Repeat([]byte{7}, seal.KeySize)

// locked is a room as control keeps it, with a password and a PIN.
func locked(t *testing.T, id, word, pin string) Room {
	t.Helper()
	hash, err := password.New(1).HashShort(t.Context(), word, 4)
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := seal.New(sealKey)
	if err != nil {
		t.Fatal(err)
	}
	r := Room{Secret: &state.RoomSecret{Password: hash, PINDigest: sealer.Digest("moderator_pin", pin)}}
	r.ID = id
	return r
}

func TestWhatIsTypedIsComparedWithTheRoom(t *testing.T) {
	r, s := locked(t, "r1", "tulip", "470815"), NewSecrets(sealKey)
	for range 2 { // what was right is known the second time
		for word, want := range map[string]bool{"tulip": true, "tulips": false, "": false, "470815": false} {
			if right, err := s.Password(t.Context(), r, word); err != nil || right != want {
				t.Errorf("password %q: %v, %v", word, right, err)
			}
		}
	}
	for pin, want := range map[string]bool{"470815": true, "470816": false, "": false, "tulip": false} {
		if s.PIN(r, pin) != want {
			t.Errorf("PIN %q: %v", pin, !want)
		}
	}
	if !HasPassword(r) || !HasPIN(r) || HasPassword(Room{}) || HasPIN(Room{}) {
		t.Error("what a room asks")
	}
	if right, err := s.Password(t.Context(), Room{}, ""); right || err != nil || s.PIN(Room{}, "") {
		t.Errorf("a room without secrets has some: %v, %v", right, err)
	}
}

func TestANewPasswordEndsTheOldOne(t *testing.T) {
	s := NewSecrets(sealKey)
	before, after := locked(t, "r1", "tulip", "1111"), locked(t, "r1", "crocus", "1111")
	if right, err := s.Password(t.Context(), before, "tulip"); !right || err != nil {
		t.Fatal(right, err)
	}
	if right, err := s.Password(t.Context(), after, "tulip"); right || err != nil {
		t.Errorf("the old password: %v, %v", right, err)
	}
	other := locked(t, "r2", "rose", "1111")
	if right, err := s.Password(t.Context(), other, "tulip"); right || err != nil {
		t.Errorf("another room's password: %v, %v", right, err)
	}
}

// A crowd that types what is right waits for nobody who guesses.
func TestWhoIsRightDoesNotWait(t *testing.T) {
	r, s := locked(t, "r1", "tulip", "1111"), NewSecrets(sealKey)
	if right, err := s.Password(t.Context(), r, "tulip"); !right || err != nil {
		t.Fatal(right, err)
	}
	late, cancel := context.WithCancel(t.Context())
	cancel()
	if right, err := s.Password(late, r, "tulip"); !right || err != nil {
		t.Errorf("the right one: %v, %v", right, err)
	}
	if _, err := s.Password(late, r, "lily"); err == nil {
		t.Error("a guess without time was compared")
	}
}

func TestWithoutTheKeyNoPINIsRight(t *testing.T) {
	r := locked(t, "r1", "tulip", "470815")
	if NewSecrets(nil).PIN(r, "470815") || NewSecrets(bytes.Repeat([]byte{8}, seal.KeySize)).PIN(r, "470815") {
		t.Error("another key tells the PIN")
	}
}

func TestRememberedRoomsAreBounded(t *testing.T) {
	s := NewSecrets(sealKey)
	for i := range maxRight + 1 {
		s.remember(string(rune(i)), [32]byte{})
	}
	if len(s.right) > maxRight {
		t.Errorf("%d rooms are remembered", len(s.right))
	}
}

func BenchmarkPassword(b *testing.B) {
	hash, err := password.New(1).HashShort(b.Context(), "tulip", 4)
	if err != nil {
		b.Fatal(err)
	}
	r, s := Room{Secret: &state.RoomSecret{Password: hash}}, NewSecrets(nil)
	if _, err := s.Password(b.Context(), r, "tulip"); err != nil { // then it is known
		b.Fatal(err)
	}
	for name, word := range map[string]string{"right": "tulip", "wrong": "lily"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Password(b.Context(), r, word); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
