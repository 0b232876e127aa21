// Package credential mints and checks the time-limited names by which
// clients use TURN, in the manner of the TURN REST convention: the name
// carries its expiry and the participant it was made for, the password is an
// HMAC of the name. It keeps no state, so that any node can mint for any
// other that has the same secret. Revoking a name before its expiry is not
// possible; keep the time to live short.
package credential

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"
)

var (
	// ErrMalformed is returned when a name was not made by Mint.
	ErrMalformed = errors.New("malformed turn name")
	// ErrExpired is returned when the name's time is over. Check returns the
	// participant and the password with it, for requests about what was
	// allocated in time.
	ErrExpired = errors.New("expired turn name")
)

// maxName bounds names in bytes (RFC 8489 section 14.3 allows 508).
const maxName = 256

// Mint returns a name that is valid for ttl from now on and its password.
// participant may be any text of up to 200 bytes without control characters.
func Mint(secret []byte, participant string, ttl time.Duration, now time.Time) (username, password string) {
	username = strconv.FormatInt(now.Add(ttl).Unix(), 10) + ":" + participant
	return username, sign(secret, username)
}

// Check takes a name apart and returns the password that belongs to it. The
// caller compares: a name alone proves nothing. It fails with ErrMalformed
// or ErrExpired.
func Check(secret []byte, username string, now time.Time) (participant, password string, err error) {
	expiry, participant, ok := strings.Cut(username, ":")
	if !ok || len(username) > maxName || participant == "" || len(secret) == 0 {
		return "", "", ErrMalformed
	}
	at, err := strconv.ParseUint(expiry, 10, 40)
	if err != nil || strconv.FormatUint(at, 10) != expiry {
		return "", "", ErrMalformed
	}
	for i := range len(participant) {
		if participant[i] < ' ' || participant[i] == 0x7f {
			return "", "", ErrMalformed
		}
	}
	password = sign(secret, username)
	if now.Unix() >= int64(at) {
		return participant, password, ErrExpired
	}
	return participant, password, nil
}

// sign is the password of a name. The label keeps it apart from other uses
// of the same secret.
func sign(secret []byte, username string) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("meridian turn\x00"))
	mac.Write([]byte(username))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
