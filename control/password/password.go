// Package password hashes what people type to prove who they are: argon2id (RFC 9106) in the PHC string form.
//
// A hash costs memory on purpose, so that the number of hashes made at a time is bounded. Random keys and tokens
// have no place here: one round of SHA-256 is enough for them.
package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Cost of new hashes: 19 MiB, two passes, one lane.
const (
	memory  = 19 << 10 // KiB
	passes  = 2
	lanes   = 1
	saltLen = 16
	hashLen = 32
)

// Bounds of what Verify computes for a hash that it is given.
const (
	maxMemory = 64 << 10 // KiB
	maxPasses = 8
	maxHash   = 64
)

// Length of a password, in bytes. The upper bound keeps hashing a long text from being an attack.
const (
	MinLength = 8
	MaxLength = 256
)

var (
	// ErrLength is returned by Hash for a password that is too short or too long.
	ErrLength = fmt.Errorf("must have %d to %d bytes", MinLength, MaxLength)
	// ErrHash is returned by Verify for a text that is no argon2id hash within our bounds.
	ErrHash = errors.New("unreadable password hash")
)

// Hasher makes and checks hashes, a bounded number at a time. It may be used by any number of goroutines.
type Hasher struct {
	slots chan struct{}
	decoy phc
}

// New makes a Hasher that works on at most parallel hashes at a time, 19 MiB each.
func New(parallel int) *Hasher {
	h := &Hasher{slots: make(chan struct{}, max(1, parallel))}
	h.decoy = phc{memory: memory, passes: passes, lanes: lanes, salt: make([]byte, saltLen), hash: make([]byte, hashLen)}
	_, _ = rand.Read(h.decoy.hash) // never fails (crypto/rand)
	return h
}

// Hash makes the hash of a new password. The error is ErrLength, or the context's while it waits for its turn.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	return h.HashShort(ctx, password, MinLength)
}

// HashShort is Hash for what may have fewer bytes than a person's password, as a room's.
func (h *Hasher) HashShort(ctx context.Context, password string, least int) (string, error) {
	if len(password) < least || len(password) > MaxLength {
		return "", fmt.Errorf("password: %w", ErrLength)
	}
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer h.leave()
	p := phc{memory: memory, passes: passes, lanes: lanes, salt: make([]byte, saltLen)}
	_, _ = rand.Read(p.salt) // never fails (crypto/rand)
	p.hash = p.of(password, hashLen)
	return p.text(), nil
}

// Verify tells whether the password is the hash's. An empty hash is nobody's: it takes as long and gives false,
// so that who is not there cannot be told from who typed wrong. The error is ErrHash or the context's.
func (h *Hasher) Verify(ctx context.Context, hash, password string) (bool, error) {
	p := h.decoy
	if hash != "" {
		var err error
		if p, err = parse(hash); err != nil {
			return false, err
		}
	}
	if err := h.enter(ctx); err != nil {
		return false, err
	}
	defer h.leave()
	if len(password) > MaxLength {
		password = password[:MaxLength+1] // equal to none that was hashed
	}
	same := subtle.ConstantTimeCompare(p.of(password, uint32(len(p.hash))), p.hash) == 1
	return same && hash != "", nil
}

func (h *Hasher) enter(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx) // also where a slot is free
	}
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (h *Hasher) leave() { <-h.slots }

// phc is a hash with what it was made by.
type phc struct {
	memory, passes uint32
	lanes          uint8
	salt, hash     []byte
}

func (p phc) of(password string, n uint32) []byte {
	return argon2.IDKey([]byte(password), p.salt, p.passes, p.memory, p.lanes, n)
}

var encoding = base64.RawStdEncoding.Strict()

func (p phc) text() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.passes, p.lanes,
		encoding.EncodeToString(p.salt), encoding.EncodeToString(p.hash))
}

// parse reads the PHC string form.
func parse(text string) (phc, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return phc{}, ErrHash
	}
	var p phc
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.passes, &p.lanes); err != nil || n != 3 {
		return phc{}, ErrHash
	}
	var err error
	if p.salt, err = encoding.DecodeString(parts[4]); err != nil {
		return phc{}, ErrHash
	}
	if p.hash, err = encoding.DecodeString(parts[5]); err != nil {
		return phc{}, ErrHash
	}
	if p.memory == 0 || p.memory > maxMemory || p.passes == 0 || p.passes > maxPasses || p.lanes == 0 ||
		len(p.salt) < 8 || len(p.salt) > maxHash || len(p.hash) < 16 || len(p.hash) > maxHash || p.text() != text {
		return phc{}, ErrHash
	}
	return p, nil
}
