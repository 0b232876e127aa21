package photo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// maxFetched is the most that is read of an answer, in bytes.
const maxFetched = 512 << 10

var errTooLong = errors.New("the picture is too long")

// fetch gets the picture of a source and makes it ours.
func (a *Album) fetch(ctx context.Context, s Source) ([]byte, error) {
	address, ok := s.address(a.cfg.Gravatar)
	if !ok {
		return nil, ErrNone
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "image/jpeg, image/png, image/webp, image/gif")
	r.Header.Set("User-Agent", "Photos/1")
	answer, err := a.cfg.Client.Do(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxFetched+1))
	err = errors.Join(err, answer.Body.Close())
	switch {
	case err != nil:
		return nil, err
	case answer.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%w: status %d", ErrNone, answer.StatusCode)
	case len(body) > maxFetched:
		return nil, errTooLong
	}
	return Draw(body)
}
