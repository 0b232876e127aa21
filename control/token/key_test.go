package token

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"testing"
)

func TestParsePublicKey(t *testing.T) {
	k := keys().own
	pub := &k.PublicKey
	pkix := publicPEM(t, pub)
	block := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	pkcs1 := func(n *big.Int, e int) []byte {
		return block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&rsa.PublicKey{N: n, E: e}))
	}
	bits := func(n uint) *big.Int { // an odd number of n bits
		return new(big.Int).SetBit(big.NewInt(1), int(n-1), 1)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private1 := block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(k))

	for name, text := range map[string][]byte{
		"PKIX":          pkix,
		"PKCS #1":       pkcs1(pub.N, pub.E),
		"Windows lines": bytes.ReplaceAll(pkix, []byte("\n"), []byte("\r\n")),
		"byte order":    append([]byte("\xef\xbb\xbf"), pkix...),
		"text around":   append(append([]byte("our key\n"), pkix...), " \n\n"...),
	} {
		got, err := ParsePublicKey(text)
		if err != nil || !got.Equal(pub) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, n := range []uint{2048, 3072, 4096, 8192} {
		if _, err := ParsePublicKey(pkcs1(bits(n), 65537)); err != nil {
			t.Errorf("%d bits: %v", n, err)
		}
	}
	for name, c := range map[string]struct {
		text []byte
		want error
	}{
		"nothing":                  {nil, ErrBadKey},
		"no PEM":                   {[]byte("hello"), ErrBadKey},
		"PKCS #1 private":          {private1, ErrPrivateKey},
		"PKCS #8 private":          {block("PRIVATE KEY", pkcs8), ErrPrivateKey},
		"encrypted private":        {block("ENCRYPTED PRIVATE KEY", pkcs8), ErrPrivateKey},
		"EC private":               {block("EC PRIVATE KEY", []byte{1}), ErrPrivateKey},
		"private behind public":    {append(bytes.Clone(pkix), private1...), ErrPrivateKey},
		"private in front":         {append(bytes.Clone(private1), pkix...), ErrPrivateKey},
		"private cut off":          {private1[:200], ErrPrivateKey},
		"two public":               {append(bytes.Clone(pkix), pkix...), ErrBadKey},
		"EC public":                {publicPEM(t, &ec.PublicKey), ErrBadKey},
		"certificate":              {block("CERTIFICATE", []byte{1, 2}), ErrBadKey},
		"garbage in PKIX":          {block("PUBLIC KEY", []byte{1, 2}), ErrBadKey},
		"garbage in PKCS #1":       {block("RSA PUBLIC KEY", []byte{1, 2}), ErrBadKey},
		"PKIX called PKCS #1":      {bytes.ReplaceAll(pkix, []byte("PUBLIC"), []byte("RSA PUBLIC")), ErrBadKey},
		"1024 bits":                {pkcs1(bits(1024), 65537), ErrWeakKey},
		"2047 bits":                {pkcs1(bits(2047), 65537), ErrWeakKey},
		"8193 bits":                {pkcs1(bits(8193), 65537), ErrBadKey},
		"exponent 1":               {pkcs1(pub.N, 1), ErrBadKey},
		"even exponent":            {pkcs1(pub.N, 65536), ErrBadKey},
		"even modulus":             {pkcs1(new(big.Int).Lsh(big.NewInt(1), 2047), 65537), ErrBadKey},
		"more than a key can hold": {bytes.Repeat([]byte("x"), maxPEM+1), ErrBadKey},
	} {
		if _, err := ParsePublicKey(c.text); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func FuzzParsePublicKey(f *testing.F) {
	der, err := x509.MarshalPKIXPublicKey(&keys().own.PublicKey)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	f.Add([]byte("-----BEGIN PRIVATE KEY-----"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if k, err := ParsePublicKey(text); err == nil && checkKey(k) != nil {
			t.Fatal("an unusable key was accepted")
		}
	})
}
