package token

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

const (
	// keepUse is how long a first use is remembered beyond its lifetime (GC-T11).
	keepUse = 24 * time.Hour
	// keepEndless is how long where the token itself never ends: if its use
	// were forgotten after a day, it would count from a new first use then.
	keepEndless = 365 * 24 * time.Hour
)

// FirstUse is what the owner of a token's hash remembers of it. One node owns
// a hash (Claims.Hash, AccessHash), and answers for every room and every POP;
// it keeps the record until Until. The zero value is a token never seen.
type FirstUse struct {
	At time.Time // of the first connection
	// Lifetime is counted from At; zero: one use only. The first value that
	// was asked for stays (GC-T12).
	Lifetime time.Duration
	// By names who used it, a browser's binding for one. The same one may ask
	// again, since an answer may have been lost on the way.
	By string
}

// Judge says whether a token may be used now, and what is to be remembered.
// The error is nil, ErrUsed (one use, by somebody else) or ErrExpired (the
// lifetime from the first use is over). A lifetime of zero means one use.
func (u FirstUse) Judge(lifetime time.Duration, by string, now time.Time) (FirstUse, error) {
	switch {
	case u.At.IsZero():
		return FirstUse{now, lifetime, by}, nil
	case u.Lifetime <= 0 && (by == "" || by != u.By):
		return u, ErrUsed
	case u.Lifetime > 0 && now.Sub(u.At) > u.Lifetime:
		return u, ErrExpired
	}
	return u, nil
}

// Merge joins what two owners remember of one hash, after a partition or when
// one takes over from the other: the earlier use counts, of two at one moment
// the stricter.
func (u FirstUse) Merge(v FirstUse) FirstUse {
	switch {
	case u.At.IsZero():
		return v
	case v.At.IsZero():
		return u
	case !u.At.Equal(v.At):
		if v.At.Before(u.At) {
			return v
		}
		return u
	case v.Lifetime < u.Lifetime, v.Lifetime == u.Lifetime && v.By < u.By:
		return v
	}
	return u
}

// Until is when the record may be forgotten; expires is the token's own expiry,
// zero where it has none.
func (u FirstUse) Until(expires time.Time) time.Time {
	until := u.At.Add(u.Lifetime + keepUse)
	own := u.At.Add(keepEndless)
	if !expires.IsZero() {
		own = expires.Add(Leeway)
	}
	if own.After(until) {
		return own
	}
	return until
}

// AccessHash stands in for Claims.Hash where there is no token and a lifetime
// is tied to the pair of room and access token (GC-T13).
func AccessHash(company, room, accessToken string) [sha256.Size]byte {
	return hashOf("access", company, room, accessToken)
}

// hashOf hashes texts with their lengths, so that no two lists are one.
func hashOf(parts ...string) (out [sha256.Size]byte) {
	h := sha256.New()
	for _, p := range parts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
		h.Write([]byte(p))
	}
	h.Sum(out[:0])
	return out
}
