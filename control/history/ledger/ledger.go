package ledger

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// form names the version of the lines.
const form = "meridian-usage/1"

// domain keeps signatures of ledgers apart from all others that the same key makes.
const domain = "meridian usage ledger\n"

// Header is the first line.
type Header struct {
	Form     string    `json:"ledger"`
	Company  string    `json:"company"`
	Month    string    `json:"month"` // 2026-10
	Previous *Previous `json:"previous"`
	Sealed   time.Time `json:"sealed"` // whole seconds, UTC
}

// Previous is the sealed month before; a month in between had no usage.
type Previous struct {
	Month string `json:"month"`
	Hash  string `json:"sha256"` // of its file, see Hash
}

// Line is the usage of a session.
type Line struct {
	Number  int    `json:"n"` // from 1
	Session string `json:"session"`
	Room    string `json:"room"`
	People  int    `json:"people"`
	Stays   int    `json:"stays"`
	Seconds int64  `json:"seconds"` // of all stays, a multiple of 30
}

// Total is the sum of all lines.
type Total struct {
	Sessions int   `json:"sessions"` // lines
	Stays    int   `json:"stays"`
	Seconds  int64 `json:"seconds"`
}

// Ledger is a month of a company.
type Ledger struct {
	Header Header
	Lines  []Line
	Total  Total
}

// signature is the last line.
type signature struct {
	Hash      string `json:"sha256"`
	KeyID     string `json:"kid"`
	Signature []byte `json:"signature"`
}

// Seal numbers the lines, sums them up, signs the whole and returns the bytes of the file.
func Seal(h Header, lines []Line, key ed25519.PrivateKey) ([]byte, error) {
	h.Form, h.Sealed = form, h.Sealed.UTC().Truncate(time.Second)
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	if err := out.Encode(h); err != nil {
		return nil, fmt.Errorf("seal ledger: %w", err)
	}
	for i, line := range lines {
		line.Number = i + 1
		if err := out.Encode(line); err != nil {
			return nil, fmt.Errorf("seal ledger: %w", err)
		}
	}
	if err := out.Encode(sum(lines)); err != nil {
		return nil, fmt.Errorf("seal ledger: %w", err)
	}
	hash := Hash(b.Bytes())
	err := out.Encode(signature{hash, KeyID(key.Public().(ed25519.PublicKey)), ed25519.Sign(key, statement(hash))})
	return b.Bytes(), err
}

func sum(lines []Line) Total {
	t := Total{Sessions: len(lines)}
	for _, line := range lines {
		t.Stays += line.Stays
		t.Seconds += line.Seconds
	}
	return t
}

// Hash is what a file is called by the next one: SHA-256 in hexadecimal.
func Hash(content []byte) string {
	h := sha256.Sum256(content)
	return hex.EncodeToString(h[:])
}

func statement(hash string) []byte { return []byte(domain + hash) }

// KeyID names a public key, as the list of signing keys does.
func KeyID(key ed25519.PublicKey) string {
	h := sha256.Sum256(key)
	return strings.ToLower(base32.StdEncoding.EncodeToString(h[:10]))
}
