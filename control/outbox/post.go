package outbox

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
)

// maxAnswer bounds what is read of an answer: a refusal for every record of a batch.
const maxAnswer = 4 << 20

// errAnswer is returned when control's answer does not account for every record.
var errAnswer = errors.New("control's answer cannot be believed")

// statusError is an answer other than 200.
type statusError struct {
	status int
	after  time.Duration // Retry-After
}

func (e *statusError) Error() string {
	return fmt.Sprintf("control answers %d %s", e.status, http.StatusText(e.status))
}

// unreadable says that the same batch will never be read.
func (e *statusError) unreadable() bool {
	return e.status == http.StatusBadRequest || e.status == http.StatusRequestEntityTooLarge
}

// post sends one batch.
func (d *Delivery) post(ctx context.Context, entries []Entry) (record.Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://control"+record.Path, pack(entries))
	if err != nil {
		return record.Answer{}, err
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	req.Header.Set("Content-Encoding", "gzip")
	res, err := d.client.Do(req)
	if err != nil {
		return record.Answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if res.StatusCode != http.StatusOK {
		return record.Answer{}, &statusError{res.StatusCode, retryAfter(res.Header.Get("Retry-After"))}
	}
	if err != nil {
		return record.Answer{}, err
	}
	return parseAnswer(body, len(entries))
}

// pack makes the body of a batch: its lines, compressed.
func pack(entries []Entry) *bytes.Reader {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	for _, e := range entries {
		_, _ = z.Write(e.Bytes) // a buffer takes everything
	}
	_ = z.Close()
	return bytes.NewReader(b.Bytes())
}

// parseAnswer reads what became of n records. An answer that does not account for each of them acks none.
func parseAnswer(body []byte, n int) (record.Answer, error) {
	var a record.Answer
	if err := json.Unmarshal(body, &a); err != nil {
		return record.Answer{}, fmt.Errorf("%w: %w", errAnswer, err)
	}
	seen := make(map[int]bool, len(a.Refused))
	for _, r := range a.Refused {
		if r.Line < 0 || r.Line >= n || seen[r.Line] {
			return record.Answer{}, fmt.Errorf("%w: line %d of %d", errAnswer, r.Line, n)
		}
		seen[r.Line] = true
	}
	if a.Stored != n-len(a.Refused) {
		return record.Answer{}, fmt.Errorf("%w: %d stored and %d refused of %d", errAnswer, a.Stored, len(a.Refused), n)
	}
	return a, nil
}

// retryAfter reads the header's form in seconds (RFC 9110, 10.2.3); 0 for any other.
func retryAfter(header string) time.Duration {
	seconds, err := strconv.Atoi(header)
	if err != nil || seconds < 0 || seconds > 86400 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}
