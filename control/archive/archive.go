// Package archive is a snapshot of the control plane as a file for operators: a line that says of what and when,
// the state as package state writes it, and a last line with the SHA-256 of all before.
//
// It saves, checks and counts; what a restore makes of it is the store's business. The file holds hashes of keys
// and sealed secrets: it belongs where the data directory belongs.
package archive

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"
	"time"
)

// ErrArchive is returned for a file that is torn, changed or of another kind.
var ErrArchive = errors.New("not a whole snapshot file")

// format is the newest that this package writes and reads.
const format = 1

// trailer is the last line: "sha256:", 64 hexadecimal digits, newline.
const trailer = 7 + 2*sha256.Size + 1

// maxLine bounds a line that is looked at, in bytes.
const maxLine = 4 << 20

// Head says what a file is of.
type Head struct {
	Format  int       `json:"meridian_snapshot"`
	Cluster string    `json:"cluster"`
	Node    string    `json:"node"` // that wrote it
	Index   uint64    `json:"index"`
	Term    uint64    `json:"term"`
	Taken   time.Time `json:"taken"`
	Members []string  `json:"members"` // ids
}

// State writes itself.
type State interface {
	WriteSnapshot(w io.Writer) error
}

// Write writes a whole file.
func Write(w io.Writer, h Head, s State) error {
	h.Format = format
	b := bufio.NewWriterSize(w, 64<<10)
	sum := sha256.New()
	to := io.MultiWriter(b, sum)
	if err := json.NewEncoder(to).Encode(h); err != nil {
		return err
	}
	if err := s.WriteSnapshot(to); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(b, "sha256:%x\n", sum.Sum(nil)); err != nil {
		return err
	}
	return b.Flush()
}

// Check reads a whole file of a size in bytes, and returns its head and where in it the state is.
func Check(f io.ReaderAt, size int64) (Head, *io.SectionReader, error) {
	var h Head
	if size <= trailer {
		return h, nil, fmt.Errorf("%w: %d bytes", ErrArchive, size)
	}
	if err := checkSum(f, size-trailer, sha256.New()); err != nil {
		return h, nil, err
	}
	line, err := bufio.NewReader(io.NewSectionReader(f, 0, min(size-trailer, maxLine))).ReadBytes('\n')
	if err != nil || json.Unmarshal(line, &h) != nil || h.Format != format {
		return h, nil, fmt.Errorf("%w: it begins with %.60q", ErrArchive, line)
	}
	at := int64(len(line))
	return h, io.NewSectionReader(f, at, size-trailer-at), nil
}

func checkSum(f io.ReaderAt, size int64, sum hash.Hash) error {
	if _, err := io.Copy(sum, io.NewSectionReader(f, 0, size)); err != nil {
		return fmt.Errorf("read snapshot file: %w", err)
	}
	last := make([]byte, trailer)
	if _, err := f.ReadAt(last, size); err != nil {
		return fmt.Errorf("read snapshot file: %w", err)
	}
	if string(last) != "sha256:"+hex.EncodeToString(sum.Sum(nil))+"\n" {
		return fmt.Errorf("%w: its checksum is wrong", ErrArchive)
	}
	return nil
}

// Count counts the records of a state by their kind.
func Count(state io.Reader) (map[string]int, error) {
	kinds := map[string]int{}
	return kinds, eachLine(state, func(line []byte) error {
		var r struct {
			Kind string `json:"k"`
		}
		if err := json.Unmarshal(line, &r); err != nil {
			return fmt.Errorf("%w: %w", ErrArchive, err)
		}
		if r.Kind != "" {
			kinds[r.Kind]++
		}
		return nil
	})
}

// WithEpoch copies a state and gives its platform another epoch: a restored cluster has a history of its own,
// and whoever holds a copy of the old one starts again.
func WithEpoch(w io.Writer, state io.Reader, epoch string) error {
	return eachLine(state, func(line []byte) error {
		var r struct {
			Kind string                     `json:"k"`
			Data map[string]json.RawMessage `json:"d"`
		}
		if bytes.Contains(line, []byte(`"platform"`)) && json.Unmarshal(line, &r) == nil && r.Kind == "platform" && r.Data != nil {
			r.Data["epoch"] = json.RawMessage(strconv.Quote(epoch))
			return json.NewEncoder(w).Encode(r)
		}
		_, err := fmt.Fprintf(w, "%s\n", line)
		return err
	})
}

func eachLine(r io.Reader, f func([]byte) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	for lines.Scan() {
		if err := f(lines.Bytes()); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read state: %w", err)
	}
	return nil
}
