package credential

import (
	"errors"
	"strings"
	"testing"
	"time"
)

var (
	secret = []byte("a secret of the cluster")
	noon   = time.Unix(1_800_000_000, 0)
)

func TestMintAndCheck(t *testing.T) {
	name, password := Mint(secret, "room/ann:1", 5*time.Minute, noon)
	if want := "1800000300:room/ann:1"; name != want {
		t.Errorf("name %q, want %q", name, want)
	}
	for _, c := range []struct {
		at   time.Time
		want error
	}{{noon, nil}, {noon.Add(299 * time.Second), nil}, {noon.Add(300 * time.Second), ErrExpired}} {
		who, got, err := Check(secret, name, c.at)
		if !errors.Is(err, c.want) || who != "room/ann:1" || got != password {
			t.Errorf("at %v: %q, %v, password right: %v", c.at, who, err, got == password)
		}
	}
	if _, other, _ := Check([]byte("another"), name, noon); other == password {
		t.Error("another secret gives the same password")
	}
	if _, other := Mint(secret, "room/bob", 5*time.Minute, noon); other == password {
		t.Error("another participant has the same password")
	}
}

func TestMalformedNames(t *testing.T) {
	for _, name := range []string{
		"", ":", "1:", ":ann", "ann", "-1:ann", "+1:ann", "01:ann", "1e9:ann", " 1:ann", "0x1:ann",
		"9999999999999999999999:ann", "1:a\x00b", "1:a\nb", "1:" + strings.Repeat("a", 300),
	} {
		if _, password, err := Check(secret, name, noon); !errors.Is(err, ErrMalformed) || password != "" {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, _, err := Check(nil, "1800000300:ann", noon); !errors.Is(err, ErrMalformed) {
		t.Errorf("no secret: %v", err)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("1800000300:ann")
	f.Add("00:\x00")
	f.Fuzz(func(t *testing.T, name string) {
		who, password, err := Check(secret, name, noon)
		if err == nil && (who == "" || password != sign(secret, name)) {
			t.Errorf("%q accepted as %q", name, who)
		}
	})
}
