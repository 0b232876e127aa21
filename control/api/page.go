package api

import (
	"context"
	"encoding/base64"
	"iter"
)

// PageQuery is the paging of every list.
type PageQuery struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Entries per page."`
	Cursor string `query:"cursor" maxLength:"400" doc:"next_cursor of the page before; opaque."`
}

// Page is one page of a list, in the order of ids.
type Page[T any] struct {
	Items      []T    `json:"items" nullable:"false"`
	NextCursor string `json:"next_cursor,omitempty" doc:"Absent on the last page."`
}

type pageOut[T any] struct{ Body Page[T] }

// start is the id at which the page's walk begins: the last of the page before, which is passed over.
func (q PageQuery) start(ctx context.Context) (string, error) {
	if q.Cursor == "" {
		return "", nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(q.Cursor)
	if err != nil || len(b) == 0 {
		return "", invalid(ctx, "cursor", "must be a next_cursor of this list")
	}
	return string(b), nil
}

// page takes one page of a walk that begins at start.
func page[E, T any](walk iter.Seq[E], start string, limit int, id func(E) string, show func(E) T) *pageOut[T] {
	out := &pageOut[T]{Body: Page[T]{Items: []T{}}}
	last := ""
	for e := range walk {
		if start != "" && id(e) == start {
			continue
		}
		if len(out.Body.Items) == limit {
			out.Body.NextCursor = base64.RawURLEncoding.EncodeToString([]byte(last))
			break
		}
		out.Body.Items = append(out.Body.Items, show(e))
		last = id(e)
	}
	return out
}
