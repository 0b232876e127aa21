package rtc

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"encoding/hex"
	"testing"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

// sealed is a packet of an SSRC after sealing.
func sealed(t *testing.T, o *outbound, seq uint16, text string) ([]byte, error) {
	t.Helper()
	b := []byte{0x80, 96, 0, 0, 0, 0, 0, 1, 0xde, 0xad, 0xbe, 0xef}
	binary.BigEndian.PutUint16(b[2:], seq)
	b = append(b, text...)
	return o.seal(append(make([]byte, 0, len(b)+64), b...), 12)
}

// TestSealedPacketsOpen has pion's SRTP open ours, over three cycles of
// numbers, with losses and late packets.
func TestSealedPacketsOpen(t *testing.T) {
	for _, profile := range []srtp.ProtectionProfile{
		srtp.ProtectionProfileAeadAes128Gcm, srtp.ProtectionProfileAes128CmHmacSha1_80,
	} {
		t.Run(profile.String(), func(t *testing.T) {
			k := testKeys(t, profile)
			if (k.gcm != nil) != (profile == srtp.ProtectionProfileAeadAes128Gcm) {
				t.Fatal("wrong cipher")
			}
			o, err := newOutbound(k, true)
			if err != nil {
				t.Fatal(err)
			}
			in, err := srtp.CreateContext(k.config.Keys.LocalMasterKey, k.config.Keys.LocalMasterSalt, profile)
			if err != nil {
				t.Fatal(err)
			}
			open := func(seq uint16, text string) {
				t.Helper()
				b, err := sealed(t, o, seq, text)
				if err != nil {
					t.Fatalf("seal %d: %v", seq, err)
				}
				var h rtp.Header
				plain, err := in.DecryptRTP(nil, b, &h)
				if err != nil || h.SequenceNumber != seq || !bytes.Equal(plain[12:], []byte(text)) {
					t.Fatalf("%d: %v", seq, err)
				}
			}
			for i := 65000; i < 3*65536+50; i += 7 {
				open(uint16(i), "first")
				if i%11 == 0 {
					open(uint16(i-3), "late")
					open(uint16(i), "first") // repeated
				}
			}
		})
	}
}

func TestNoIndexIsSealedTwice(t *testing.T) {
	for _, repeats := range []bool{true, false} {
		o, err := newOutbound(testKeys(t, srtp.ProtectionProfileAeadAes128Gcm), repeats)
		if err != nil {
			t.Fatal(err)
		}
		for i, step := range []struct {
			seq           uint16
			text          string
			with, without bool // taken by a stream that repeats, by one that does not
		}{
			{3, "a", true, true},
			{3, "a", true, false},
			{3, "b", false, false},
			{65535, "c", false, false}, // before the first cycle
			{2, "c", true, true},       // late, for the first time
			{1000, "d", true, true},
			{999, "e", true, true},
			{999, "f", false, false},
			{33000, "g", true, true},
			{65300, "h", true, true},
			{5, "i", true, true}, // the next cycle: another index than before
			{5, "a", false, false},
			{65300, "h", true, false},
			{65300, "i", false, false},
			{40000, "j", false, false}, // nobody can vouch for it any more
		} {
			want := step.without
			if repeats {
				want = step.with
			}
			if _, err := sealed(t, o, step.seq, step.text); (err == nil) != want {
				t.Errorf("repeats %v, step %d: number %d, %v", repeats, i, step.seq, err)
			}
		}
	}
}

// TestVector is RFC 7714 section 16.1.1.
func TestVector(t *testing.T) {
	block, err := aes.NewCipher(unhex(t, "000102030405060708090a0b0c0d0e0f"))
	if err != nil {
		t.Fatal(err)
	}
	g := &gcm{salt: [gcmSalt]byte([]byte("Quid pro quo"))}
	if g.aead, err = cipher.NewGCM(block); err != nil {
		t.Fatal(err)
	}
	o := &outbound{gcm: g}
	plain := append(unhex(t, "8040f17b8041f8d35501a0b2"), "Gallia est omnis divisa in partes tres"...)
	b, err := o.seal(append(make([]byte, 0, 100), plain...), 12)
	want := unhex(t, "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce")
	if err != nil || !bytes.Equal(b, want) {
		t.Errorf("%x, %v", b, err)
	}
	if iv := unhex(t, "51753c6580c2726f20718414"); !bytes.Equal(o.iv[:], iv) {
		t.Errorf("IV %x, want %x", o.iv, iv)
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
