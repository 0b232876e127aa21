package password

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestPasswordsVerifyByTheirHash(t *testing.T) {
	h := New(2)
	hash, err := h.Hash(t.Context(), "correct horse")
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("%s %v", hash, err)
	}
	again, err := h.Hash(t.Context(), "correct horse")
	if err != nil || again == hash {
		t.Fatal("equal passwords have equal hashes")
	}
	for _, c := range []struct {
		name, hash, password string
		want                 bool
	}{
		{"right", hash, "correct horse", true},
		{"wrong", hash, "correct mouse", false},
		{"empty", hash, "", false},
		{"longer", hash, "correct horse" + strings.Repeat("x", MaxLength), false},
		{"nobody's", "", "correct horse", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := h.Verify(t.Context(), c.hash, c.password); err != nil || got != c.want {
				t.Fatalf("%v %v", got, err)
			}
		})
	}
}

// A hash of another program, with other parameters.
func TestForeignHashesVerify(t *testing.T) {
	// password "password", salt "somesalt": the test vector of the reference implementation for v=19, m=64 KiB.
	const hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if ok, err := New(1).Verify(t.Context(), hash, "password"); err != nil || !ok {
		t.Fatalf("%v %v", ok, err)
	}
}

func TestLengthIsBounded(t *testing.T) {
	h := New(1)
	for _, n := range []int{0, MinLength - 1, MaxLength + 1} {
		if _, err := h.Hash(t.Context(), strings.Repeat("x", n)); !errors.Is(err, ErrLength) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	if _, err := h.HashShort(t.Context(), "1234", 4); err != nil {
		t.Error(err)
	}
}

func TestHashesThatCostTooMuchAreNotComputed(t *testing.T) {
	const rest = "$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	for _, bad := range []string{
		"x", "$argon2i$v=19$m=64,t=1,p=1" + rest, "$argon2id$v=16$m=64,t=1,p=1" + rest, "$argon2id$v=19$m=9999999,t=1,p=1" + rest,
		"$argon2id$v=19$m=64,t=99,p=1" + rest, "$argon2id$v=19$m=64,t=1,p=0" + rest, "$argon2id$v=19$m=64,t=1,p=1$$",
		"$argon2id$v=19$m=064,t=1,p=1" + rest,
	} {
		if ok, err := New(1).Verify(t.Context(), bad, "password"); !errors.Is(err, ErrHash) || ok {
			t.Errorf("%s: %v %v", bad, ok, err)
		}
	}
}

func TestNoMoreThanTheBoundWorkAtATime(t *testing.T) {
	h := New(1)
	h.slots <- struct{}{} // somebody hashes
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Hash(ctx, "correct horse"); !errors.Is(err, context.Canceled) {
		t.Errorf("hash: %v", err)
	}
	if _, err := h.Verify(ctx, "", "correct horse"); !errors.Is(err, context.Canceled) {
		t.Errorf("verify: %v", err)
	}
	<-h.slots
	if _, err := h.Hash(t.Context(), "correct horse"); err != nil {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("$argon2id$v=19$m=,t=,p=$$")
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := parse(text); err == nil && (p.text() != text || p.memory > maxMemory) {
			t.Fatalf("%q reads as %+v", text, p)
		}
	})
}

func BenchmarkHash(b *testing.B) {
	h := New(1)
	for b.Loop() {
		if _, err := h.Hash(b.Context(), "correct horse"); err != nil {
			b.Fatal(err)
		}
	}
}
