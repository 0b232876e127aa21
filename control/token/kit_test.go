package token

import (
	"crypto"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"sync"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// keys are made once; RSA keys are slow to make.
var keys = sync.OnceValue(func() (k struct {
	own, second, foreign *rsa.PrivateKey
	native, other        ed25519.PrivateKey
}) {
	for _, at := range []**rsa.PrivateKey{&k.own, &k.second, &k.foreign} {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		*at = key
	}
	k.native = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	k.other = ed25519.NewKeyFromSeed(append(make([]byte, ed25519.SeedSize-1), 1))
	return k
})

func ring() Keyring {
	k := keys()
	return Keyring{
		Company: "acme",
		Partner: []PartnerKey{{"k1", &k.own.PublicKey}, {"k2", &k.second.PublicKey}},
		Native:  map[string]ed25519.PublicKey{"n1": k.native.Public().(ed25519.PublicKey)},
		Elsewhere: func(kid string) (string, bool) {
			if kid == "k9" || kid == "n9" {
				return "evil", true
			}
			return "acme", kid == "n8"
		},
	}
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// rs256 signs any two texts.
func rs256(key *rsa.PrivateKey, header, payload string) string {
	signed := b64(header) + "." + b64(payload)
	sum := sha256.Sum256([]byte(signed))
	sig, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return signed + "." + b64(string(sig))
}

func pss(key *rsa.PrivateKey, header, payload string) string {
	signed := b64(header) + "." + b64(payload)
	sum := sha256.Sum256([]byte(signed))
	sig, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], nil)
	if err != nil {
		panic(err)
	}
	return signed + "." + b64(string(sig))
}

func eddsa(key ed25519.PrivateKey, header, payload string) string {
	signed := b64(header) + "." + b64(payload)
	return signed + "." + b64(string(ed25519.Sign(key, []byte(signed))))
}

func hs256(secret []byte, header, payload string) string {
	signed := b64(header) + "." + b64(payload)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(signed))
	return signed + "." + b64(string(mac.Sum(nil)))
}

func publicPEM(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// publics are the public halves by their names.
func publics(private map[string]ed25519.PrivateKey) map[string]ed25519.PublicKey {
	out := map[string]ed25519.PublicKey{}
	for kid, k := range private {
		out[kid] = k.Public().(ed25519.PublicKey)
	}
	return out
}
