package client

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"sync"
	"time"

	"github.com/meridian-video/meridian/control/password"
	"github.com/meridian-video/meridian/control/seal"
)

// hashers is how many passwords an edge hashes at a time: 35 ms and 19 MiB each, on a machine that forwards media.
const hashers = 1

// hashPatience is how long somebody waits for their turn; a page gives a join up after 6 s.
const hashPatience = 3 * time.Second

// maxRight bounds the rooms whose password is remembered.
const maxRight = 10_000

// Secrets compares what people type at a door with what the edge's copy of their room holds, control or no control.
// Who types what was right a moment ago does not wait behind those who guess. It may be used by any number of
// goroutines.
type Secrets struct {
	hasher *password.Hasher
	sealer *seal.Sealer // nil: PINs cannot be told
	key    [32]byte     // of this process alone

	mu    sync.Mutex
	right map[string][sha256.Size]byte // by room: the mark of its hash and what was right for it
}

// NewSecrets makes the comparer of an edge; the seal key is that of its Identity. Without one no PIN is ever right.
func NewSecrets(sealKey []byte) *Secrets {
	s := &Secrets{hasher: password.New(hashers), right: map[string][sha256.Size]byte{}}
	s.sealer, _ = seal.New(sealKey) // an identity from before there were such keys has none
	_, _ = rand.Read(s.key[:])      // never fails (crypto/rand)
	return s
}

// HasPassword tells whether who enters the room types a password.
func HasPassword(r Room) bool { return r.Secret != nil && r.Secret.Password != "" }

// HasPIN tells whether the room has a moderator's PIN.
func HasPIN(r Room) bool { return r.Secret != nil && r.Secret.PINDigest != "" }

// Password tells whether a text is the room's password. The error says that it was not to be known in time.
func (s *Secrets) Password(ctx context.Context, r Room, typed string) (bool, error) {
	if !HasPassword(r) {
		return false, nil
	}
	mark := s.mark(r.Secret.Password, typed)
	if s.knows(r.ID, mark) {
		return true, nil
	}
	ctx, cancel := context.WithTimeout(ctx, hashPatience)
	defer cancel()
	right, err := s.hasher.Verify(ctx, r.Secret.Password, typed)
	if err != nil {
		return false, fmt.Errorf("compare password of room %q: %w", r.ID, err)
	}
	if right {
		s.remember(r.ID, mark)
	}
	return right, nil
}

// PIN tells whether a text is the PIN of the room's moderators.
func (s *Secrets) PIN(r Room, typed string) bool {
	if s.sealer == nil || !HasPIN(r) {
		return false
	}
	return subtle.ConstantTimeCompare([]byte(s.sealer.Digest("moderator_pin", typed)), []byte(r.Secret.PINDigest)) == 1
}

// mark stands for a text that was compared with a hash; a new password has another hash.
func (s *Secrets) mark(hash, typed string) (m [sha256.Size]byte) {
	h := hmac.New(sha256.New, s.key[:])
	fmt.Fprintf(h, "%d:%s%s", len(hash), hash, typed)
	h.Sum(m[:0])
	return m
}

func (s *Secrets) knows(room string, mark [sha256.Size]byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	known, ok := s.right[room]
	return ok && subtle.ConstantTimeCompare(known[:], mark[:]) == 1
}

func (s *Secrets) remember(room string, mark [sha256.Size]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.right) >= maxRight {
		clear(s.right)
	}
	s.right[room] = mark
}
