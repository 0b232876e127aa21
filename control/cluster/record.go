package cluster

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/meridian-video/meridian/control/ca"
)

// Record is a cluster's founding, the same on every node of it.
type Record struct {
	ID       string    `json:"id"` // the cluster's name, never used again
	Founders []Founder `json:"founders"`
}

// Founder is a node that was there.
type Founder struct {
	Node string `json:"node"`
	Born string `json:"born"`
	Raft string `json:"raft"` // address for Raft streams
}

// Names tells whether the record names this very node, with the disk that it has.
func (r Record) Names(node, born string) bool {
	for _, f := range r.Founders {
		if f.Node == node && f.Born == born {
			return true
		}
	}
	return false
}

// NewID makes a name that was never used: 26 lower-case letters and digits.
func NewID() string { return strings.ToLower(rand.Text()) }

// Birth is what a node's disk knows: when it was wiped, Born is another.
type Birth struct {
	Born   string  `json:"born"`
	Record *Record `json:"record,omitempty"` // nil before the node belongs to a cluster
}

// ErrBirth is returned when the file does not read.
var ErrBirth = errors.New("unreadable record of the cluster")

const fileBirth = "cluster.json"

// LoadBirth reads the file of a directory (mode 0700), or makes it.
func LoadBirth(dir string) (Birth, error) {
	var b Birth
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return b, fmt.Errorf("data directory: %w", err)
	}
	text, err := os.ReadFile(filepath.Join(dir, fileBirth))
	if errors.Is(err, os.ErrNotExist) {
		b.Born = NewID()
		return b, b.Save(dir)
	}
	if err != nil {
		return b, fmt.Errorf("%w: %w", ErrBirth, err)
	}
	if err := json.Unmarshal(text, &b); err != nil || b.Born == "" {
		return b, fmt.Errorf("%w: %s", ErrBirth, filepath.Join(dir, fileBirth))
	}
	return b, nil
}

// Save keeps the file; it is on the disk when Save has returned nil.
func (b Birth) Save(dir string) error {
	text, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("encode record of the cluster: %w", err)
	}
	return ca.WriteFile(filepath.Join(dir, fileBirth), append(text, '\n'))
}
