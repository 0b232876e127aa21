package apikey

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestKeysReadBackAndMask(t *testing.T) {
	k := New("k1")
	if again, ok := Parse(k.Text()); !ok || again != k {
		t.Fatal("a key does not read back")
	}
	secret := strings.SplitN(k.Text(), "_", 3)[2]
	b, err := json.Marshal(k)
	if s := fmt.Sprintf("%v %+v %#v %s %s", k, k, k, k, b); err != nil || strings.Contains(s, secret) {
		t.Fatalf("printed: %s (%v)", s, err)
	}
}

func TestKeysOpenTheirOwnHash(t *testing.T) {
	k, other := New("k1"), New("k1")
	if !k.Opens(k.Hash()) || k.Opens(other.Hash()) || k.Opens(nil) || k.Opens(bytes.Repeat([]byte{0}, 32)) {
		t.Error("a key opens its own hash and nothing else")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(New("k1").Text())
	f.Add("mrk__")
	f.Fuzz(func(t *testing.T, text string) {
		if k, ok := Parse(text); ok && k.Text() != text {
			t.Fatal("two texts of one key")
		}
	})
}
