package photo

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
)

// ErrUnknown is returned for an id that this node has given nobody, or has
// forgotten.
var ErrUnknown = errors.New("no such photo")

// id names a source under this node's key: it cannot be guessed, made for a
// source of one's own, or read.
type id [16]byte

func (a *Album) idOf(s Source) (out id) {
	mac := hmac.New(sha256.New, a.key)
	mac.Write([]byte(s))
	copy(out[:], mac.Sum(nil))
	return out
}

func (i id) String() string { return base64.RawURLEncoding.EncodeToString(i[:]) }

// parseID reads what String writes, and nothing else.
func parseID(text string) (out id, err error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != len(out) {
		return out, ErrUnknown
	}
	copy(out[:], b)
	if out.String() != text { // line ends are skipped by the decoder
		return out, ErrUnknown
	}
	return out, nil
}
