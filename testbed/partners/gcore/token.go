package gcore

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
)

// ErrKey is returned when a file holds no private RSA key.
var ErrKey = errors.New("no private RSA key in PEM")

// ReadKey takes what `openssl genrsa -out key_name.key 2048` writes: PKCS #8
// since OpenSSL 3, PKCS #1 before.
func ReadKey(file []byte) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(file)
	if block == nil {
		return nil, ErrKey
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, ErrKey
	}
	return key, nil
}

// Sign makes a token of attributes, as the guide's section on JWT has it: RS256,
// the header it prescribes and nothing else in it.
func Sign(key *rsa.PrivateKey, attributes map[string]any) (string, error) {
	payload, err := json.Marshal(attributes)
	if err != nil {
		return "", err
	}
	signed := segment([]byte(`{"typ":"JWT","alg":"RS256"}`)) + "." + segment(payload)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		return "", err
	}
	return signed + "." + segment(signature), nil
}

func segment(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
