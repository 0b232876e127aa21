package api

import (
	"crypto/rand"
	"encoding/binary"
	"time"

	"github.com/meridian-video/meridian/control/apikey"
	"github.com/meridian-video/meridian/control/state"
)

// CreateKey is the command that makes a key known; company is empty for a key of the platform or a reseller.
func CreateKey(k apikey.Key, company string, spec state.APIKeySpec) *state.Create {
	c := state.Add(state.KindAPIKey, k.ID, company, spec)
	c.SecretHash = k.Hash()
	return c
}

const idAlphabet = "0123456789abcdefghjkmnpqrstvwxyz" // Crockford's base 32

// NewID makes an id of 26 characters that sorts by time: 48 bits of milliseconds, 80 of randomness.
func NewID(now time.Time) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16)
	_, _ = rand.Read(b[6:])
	hi, lo := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	var out [26]byte
	for i := 25; i >= 0; i-- {
		out[i] = idAlphabet[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return string(out[:])
}
