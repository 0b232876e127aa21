package ledger

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
)

var (
	// ErrForm is returned when a file is no ledger, or a line is not written as Seal writes it.
	ErrForm = errors.New("not a usage ledger")
	// ErrMissing is returned when lines are missing, or more are there than there were.
	ErrMissing = errors.New("lines are missing")
	// ErrChanged is returned when the bytes are not those that were signed.
	ErrChanged = errors.New("the ledger was changed")
	// ErrKey is returned when another key has signed.
	ErrKey = errors.New("signed by another key")
	// ErrChain is returned when a ledger does not follow another.
	ErrChain = errors.New("the ledger does not follow")
)

// Verify reads a file and checks form, numbers, sums, hash and signature. Errors wrap one of the sentinels and
// say where.
func Verify(content []byte, key ed25519.PublicKey) (Ledger, error) {
	body, last, err := split(content)
	if err != nil {
		return Ledger{}, err
	}
	var signed signature
	if err := strict(last, &signed); err != nil || signed.Signature == nil {
		return Ledger{}, fmt.Errorf("%w: the last line is not the signature", ErrMissing)
	}
	l, err := parse(body)
	if err != nil {
		return Ledger{}, err
	}
	return l, check(body, signed, key)
}

// split takes the last line off.
func split(content []byte) (body, last []byte, err error) {
	if len(content) == 0 {
		return nil, nil, fmt.Errorf("%w: it is empty", ErrForm)
	}
	if content[len(content)-1] != '\n' {
		return nil, nil, fmt.Errorf("%w: the last line has no end", ErrMissing)
	}
	at := bytes.LastIndexByte(content[:len(content)-1], '\n') + 1
	return content[:at], content[at : len(content)-1], nil
}

// parse reads header, lines and total, and holds them against each other.
func parse(body []byte) (l Ledger, err error) {
	lines := bytes.Split(bytes.TrimSuffix(body, []byte("\n")), []byte("\n"))
	if err := strict(lines[0], &l.Header); err != nil || l.Header.Form != form {
		return l, fmt.Errorf("%w: line 1 is not a header of %s", ErrForm, form)
	}
	if len(lines) < 2 {
		return l, fmt.Errorf("%w: there is no total", ErrMissing)
	}
	for i, text := range lines[1 : len(lines)-1] {
		var line Line
		if err := strict(text, &line); err != nil {
			return l, fmt.Errorf("%w: line %d: %w", ErrForm, i+2, err)
		}
		if line.Number != i+1 {
			return l, fmt.Errorf("%w: line %d is number %d, not %d", ErrMissing, i+2, line.Number, i+1)
		}
		l.Lines = append(l.Lines, line)
	}
	if err := strict(lines[len(lines)-1], &l.Total); err != nil {
		return l, fmt.Errorf("%w: line %d is not the total", ErrMissing, len(lines))
	}
	switch got := sum(l.Lines); {
	case got.Sessions != l.Total.Sessions:
		return l, fmt.Errorf("%w: the total is of %d sessions, there are %d", ErrMissing, l.Total.Sessions, got.Sessions)
	case got != l.Total:
		return l, fmt.Errorf("%w: the lines sum up to %d stays and %d s, the total says %d and %d",
			ErrChanged, got.Stays, got.Seconds, l.Total.Stays, l.Total.Seconds)
	}
	return l, nil
}

func check(body []byte, signed signature, key ed25519.PublicKey) error {
	if hash := Hash(body); hash != signed.Hash {
		return fmt.Errorf("%w: its hash is %.16s…, %.16s… was signed", ErrChanged, hash, signed.Hash)
	}
	if len(key) != ed25519.PublicKeySize {
		return fmt.Errorf("%w: the given key is not an Ed25519 key", ErrKey)
	}
	if id := KeyID(key); id != signed.KeyID {
		return fmt.Errorf("%w: %.32q, not %s", ErrKey, signed.KeyID, id)
	}
	if !ed25519.Verify(key, statement(signed.Hash), signed.Signature) {
		return fmt.Errorf("%w: the signature is not of its hash", ErrChanged)
	}
	return nil
}

// strict reads a line that must be spelt as json.Marshal does, so that one ledger has one form.
func strict(line []byte, v any) error {
	if err := json.Unmarshal(line, v); err != nil {
		return err
	}
	canonical, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if !bytes.Equal(canonical, line) {
		return errors.New("not in canonical form")
	}
	return nil
}

// Follows says whether a verified ledger is the next after a file, which should be verified, too.
func Follows(next Ledger, previous []byte) error {
	body, _, err := split(previous)
	if err != nil {
		return err
	}
	before, err := parse(body)
	switch {
	case err != nil:
		return err
	case next.Header.Company != before.Header.Company:
		return fmt.Errorf("%w: %q and %q are two companies", ErrChain, next.Header.Company, before.Header.Company)
	case next.Header.Previous == nil:
		return fmt.Errorf("%w: %s is the first of its company", ErrChain, next.Header.Month)
	case next.Header.Previous.Month != before.Header.Month:
		return fmt.Errorf("%w: %s names %s as the month before, not %s", ErrChain, next.Header.Month, next.Header.Previous.Month, before.Header.Month)
	case next.Header.Previous.Hash != Hash(previous):
		return fmt.Errorf("%w: the file of %s is not the one that %s was chained to", ErrChain, before.Header.Month, next.Header.Month)
	}
	return nil
}
