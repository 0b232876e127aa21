package history

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ed25519"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/meridian-video/meridian/control/history/ledger"
)

// settle is how long after its end a month may be sealed: outboxes of edges that were away have emptied by then.
const settle = 3 * 24 * time.Hour

var (
	// ErrTooEarly is returned for a month that is not yet over for three days.
	ErrTooEarly = errors.New("a month can be sealed three days after its end")
	// ErrSealedLater is returned for a month that was not sealed although a later one was: it had no usage then.
	ErrSealedLater = errors.New("a later month is sealed already, and this one had no usage then")
)

// Seal returns the ledger of a company's month, see package ledger. The first time it makes it of what is known
// now, after those of all earlier months that had usage; from then on it is the same bytes, whatever arrives
// or goes. Stays that have no end count to their newest tick.
func (s *Store) Seal(ctx context.Context, company string, month Month, now time.Time, key ed25519.PrivateKey) ([]byte, error) {
	if _, end := month.Bounds(); now.Before(end.Add(settle)) {
		return nil, ErrTooEarly
	}
	for {
		content, ok, err := s.sealed(ctx, company, month)
		if err != nil || ok {
			return content, err
		}
		next, err := s.unsealed(ctx, company, month)
		if err != nil {
			return nil, err
		}
		if err := s.seal(ctx, company, next, now, key); err != nil {
			return nil, err
		}
	}
}

// sealed is a ledger that was made before.
func (s *Store) sealed(ctx context.Context, company string, month Month) (content []byte, ok bool, err error) {
	var packed string
	err = s.write.QueryRowContext(ctx, `SELECT content FROM ledger WHERE company = $1 AND month = $2`, company, string(month)).Scan(&packed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, readError(err)
	}
	content, err = unpack(packed)
	return content, err == nil, err
}

// last is the newest sealed month of a company; "" for none.
func (s *Store) last(ctx context.Context, company string) (month Month, hash string, err error) {
	err = s.write.QueryRowContext(ctx, `SELECT month, hash FROM ledger WHERE company = $1 ORDER BY month DESC LIMIT 1`, company).Scan(&month, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", nil
	}
	return month, hash, err
}

// unsealed is the next month that must be sealed on the way to one.
func (s *Store) unsealed(ctx context.Context, company string, wanted Month) (Month, error) {
	last, _, err := s.last(ctx, company)
	if err != nil {
		return "", readError(err)
	}
	if last > wanted {
		return "", ErrSealedLater
	}
	from := int64(0)
	if last != "" {
		_, end := last.Bounds()
		from = end.UnixMilli()
	}
	var first sql.NullInt64
	err = s.write.QueryRowContext(ctx, `SELECT min(joined) FROM presence WHERE company = $1 AND joined >= $2`, company, from).Scan(&first)
	if err != nil {
		return "", readError(err)
	}
	if first.Valid {
		return min(wanted, MonthOf(millis(first.Int64))), nil
	}
	return wanted, nil
}

// seal makes the next ledger of a company. Of two nodes that do so at once the first one's stays.
func (s *Store) seal(ctx context.Context, company string, month Month, now time.Time, key ed25519.PrivateKey) error {
	last, hash, err := s.last(ctx, company)
	if err != nil {
		return readError(err)
	}
	if last >= month {
		return nil // somebody was faster
	}
	usage, err := s.UsageBySession(ctx, company, month)
	if err != nil {
		return err
	}
	h := ledger.Header{Company: company, Month: string(month), Sealed: now}
	if last != "" {
		h.Previous = &ledger.Previous{Month: string(last), Hash: hash}
	}
	content, err := ledger.Seal(h, ledgerLines(usage), key)
	if err != nil {
		return err
	}
	packed, err := pack(content)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, `INSERT INTO ledger (company, month, sealed, hash, content)
		SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS (SELECT 1 FROM ledger WHERE company = $1 AND month > $6)
		ON CONFLICT (company, month) DO NOTHING`, company, string(month), now.UnixMilli(), ledger.Hash(content), packed, string(last))
	return err
}

func ledgerLines(usage []SessionUsage) []ledger.Line {
	lines := make([]ledger.Line, 0, len(usage))
	for _, u := range usage {
		lines = append(lines, ledger.Line{Session: u.Session, Room: u.Room, People: u.People, Stays: u.Stays, Seconds: u.Seconds})
	}
	return lines
}

func pack(content []byte) (string, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(content); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

func unpack(packed string) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(packed)
	if err != nil {
		return nil, fmt.Errorf("kept ledger: %w", err)
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("kept ledger: %w", err)
	}
	content, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("kept ledger: %w", err)
	}
	return content, z.Close()
}
