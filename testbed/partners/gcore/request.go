package gcore

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

const maxAnswer = 1 << 20 // bytes

// CodeError is an answer other than 200.
type CodeError int

func (e CodeError) Error() string { return fmt.Sprintf("the servers answered %d", int(e)) }

// get asks the servers with the account's token.
func get(ctx context.Context, c *http.Client, address, token string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", token)
	res, err := c.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, CodeError(res.StatusCode)
	}
	return io.ReadAll(io.LimitReader(res.Body, maxAnswer))
}
