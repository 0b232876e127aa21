package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Headers of a signed request.
const (
	HeaderID        = "Webhook-Id"
	HeaderTimestamp = "Webhook-Timestamp"
	HeaderSignature = "Webhook-Signature"
)

// Tolerance is how far the time of a request may be from the receiver's.
const Tolerance = 5 * time.Minute

var (
	// ErrKey is returned when a text is no key: whsec_ and base64 of 24 to 64 bytes.
	ErrKey = errors.New("not a signing key: whsec_ and base64 of 24 to 64 bytes")
	// ErrSignature is returned when no signature of a request fits.
	ErrSignature = errors.New("the signature does not fit")
	// ErrTimestamp is returned when a request is too old or from the future: somebody may repeat it.
	ErrTimestamp = errors.New("the timestamp is not of now")
)

// Key signs for one endpoint.
type Key []byte

const (
	prefix     = "whsec_"
	keyBytes   = 32
	minKey     = 24
	maxKey     = 64
	version    = "v1,"
	maxMatches = 16 // signatures of a request that are looked at
)

// NewKey makes a key.
func NewKey() Key {
	k := make(Key, keyBytes)
	_, _ = rand.Read(k) // never fails
	return k
}

// ParseKey reads what Key.Text writes.
func ParseKey(text string) (Key, error) {
	encoded, ok := strings.CutPrefix(text, prefix)
	if !ok {
		return nil, ErrKey
	}
	k, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(k) < minKey || len(k) > maxKey {
		return nil, ErrKey
	}
	return k, nil
}

// Text is the key as receivers configure it. It is not String, so that no log shows it by accident.
func (k Key) Text() string { return prefix + base64.StdEncoding.EncodeToString(k) }

// String hides the key.
func (Key) String() string { return prefix + "…" }

// Sign makes the signature header: one signature per key, the newest key first. While a key is replaced, the
// receiver may check by the old or the new one.
func Sign(keys []Key, id string, at time.Time, body []byte) string {
	signatures := make([]string, len(keys))
	for i, k := range keys {
		signatures[i] = version + base64.StdEncoding.EncodeToString(k.sum(id, strconv.FormatInt(at.Unix(), 10), body))
	}
	return strings.Join(signatures, " ")
}

func (k Key) sum(id, timestamp string, body []byte) []byte {
	mac := hmac.New(sha256.New, k)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return mac.Sum(nil)
}

// Verify checks a request as its receiver does.
func Verify(k Key, id, timestamp, signature string, body []byte, now time.Time) error {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || time.Unix(seconds, 0).Sub(now).Abs() > Tolerance {
		return ErrTimestamp
	}
	want := k.sum(id, timestamp, body)
	for i, s := range strings.Fields(signature) {
		encoded, ok := strings.CutPrefix(s, version)
		if i == maxMatches {
			break
		}
		if got, err := base64.StdEncoding.DecodeString(encoded); ok && err == nil && subtle.ConstantTimeCompare(got, want) == 1 {
			return nil
		}
	}
	return ErrSignature
}
