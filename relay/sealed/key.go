package sealed

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// SecretSize is the length of a Secret in bytes.
const SecretSize = 32

// Secret is what the keys of one direction come from: both ends export it from the TLS
// connection of the link (RFC 8446 section 7.5), one for each direction.
type Secret [SecretSize]byte

// Tag names a path to the end that receives, so that it finds the keys of a datagram.
// It is public and proves nothing.
type Tag uint32

// Tag derives the tag of the direction.
func (s *Secret) Tag() Tag {
	return Tag(binary.BigEndian.Uint32(s.expand("tag", 0, 4)))
}

// epochBits is the length of a key epoch: 2^23 datagrams are as many as one key may
// seal (RFC 9001 section 6.6).
const epochBits = 23

func epochOf(counter uint64) uint64 { return counter >> epochBits }

// key seals the datagrams of one direction and epoch.
type key struct {
	aead  cipher.AEAD
	iv    [12]byte
	nonce [12]byte // kept here, so that a call allocates nothing
}

func (s *Secret) key(epoch uint64) key {
	block, err := aes.NewCipher(s.expand("key", epoch, 16))
	if err != nil {
		panic(err) // 16 bytes are a key
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has the block size of GCM
	}
	k := key{aead: aead}
	copy(k.iv[:], s.expand("iv", epoch, len(k.iv)))
	return k
}

func (s *Secret) expand(label string, epoch uint64, length int) []byte {
	out, err := hkdf.Expand(sha256.New, s[:], fmt.Sprintf("meridian sealed %s %d", label, epoch), length)
	if err != nil {
		panic(err) // only lengths above 8,160 are refused
	}
	return out
}

// nonceOf mixes the counter into the IV (RFC 9001 section 5.3 does it so).
func (k *key) nonceOf(counter uint64) []byte {
	k.nonce = k.iv
	low := binary.BigEndian.Uint64(k.nonce[4:])
	binary.BigEndian.PutUint64(k.nonce[4:], low^counter)
	return k.nonce[:]
}
