package rtc

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"

	"github.com/pion/srtp/v3"
)

const (
	gcmTag  = 16
	gcmSalt = 12
	// overhead is what sealing may add to a packet, in bytes.
	overhead = gcmTag
)

// gcm seals RTP by AEAD_AES_128_GCM (RFC 7714) under one session key. It has
// no state, so all slots of a transport share it.
type gcm struct {
	aead cipher.AEAD
	salt [gcmSalt]byte
}

// Labels of RFC 3711 section 4.3.2.
const (
	labelKey  = 0
	labelSalt = 2
)

func newGCM(masterKey, masterSalt []byte) (*gcm, error) {
	key, err := derive(labelKey, masterKey, masterSalt, len(masterKey))
	if err != nil {
		return nil, err
	}
	salt, err := derive(labelSalt, masterKey, masterSalt, gcmSalt)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	g := &gcm{}
	copy(g.salt[:], salt)
	g.aead, err = cipher.NewGCM(block)
	return g, err
}

// derive makes n bytes of a session key (RFC 3711 section 4.3.3, without key
// derivation rate; a salt shorter than 112 bits is padded, RFC 7714 section 11).
func derive(label byte, masterKey, masterSalt []byte, n int) ([]byte, error) {
	block, err := aes.NewCipher(masterKey)
	if err != nil {
		return nil, err
	}
	var iv [aes.BlockSize]byte
	copy(iv[:aes.BlockSize-2], masterSalt)
	iv[7] ^= label
	out := make([]byte, n)
	cipher.NewCTR(block, iv[:]).XORKeyStream(out, out)
	return out, nil
}

// nonce writes the IV of a packet (RFC 7714 section 8.1).
func (g *gcm) nonce(iv *[gcmSalt]byte, ssrc, roc uint32, seq uint16) {
	*iv = g.salt
	for i, b := range [...]uint32{ssrc, roc} {
		at := iv[2+4*i:]
		binary.BigEndian.PutUint32(at, binary.BigEndian.Uint32(at)^b)
	}
	binary.BigEndian.PutUint16(iv[10:], binary.BigEndian.Uint16(iv[10:])^seq)
}

// seal encrypts b behind its header in place. b has room for the tag.
func (g *gcm) seal(iv *[gcmSalt]byte, b []byte, header int) []byte {
	return g.aead.Seal(b[:header], iv[:], b[header:], b[:header])
}

// newContext returns pion's cipher for what we send. Two contexts must never
// seal RTCP of one SSRC, nor RTP of one SSRC: an index would be used twice.
func (k *keys) newContext() (*srtp.Context, error) {
	return srtp.CreateContext(k.config.Keys.LocalMasterKey, k.config.Keys.LocalMasterSalt, k.profile)
}
