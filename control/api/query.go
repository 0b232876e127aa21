package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

const (
	defaultLimit = 50
	mostLimit    = 200
	maxCursor    = 400 // bytes
)

// query reads what a list is asked for: a page, and by what it is narrowed down.
func (s *served[T, I]) query(ctx context.Context, q url.Values) (p PageQuery, value string, by *filter[T], err error) {
	p = PageQuery{Limit: defaultLimit, Cursor: q.Get("cursor")}
	if len(p.Cursor) > maxCursor {
		return p, "", nil, invalid(ctx, "cursor", "must be a next_cursor of this list")
	}
	if text := q.Get("limit"); text != "" {
		if p.Limit, err = strconv.Atoi(text); err != nil || p.Limit < 1 || p.Limit > mostLimit {
			return p, "", nil, invalid(ctx, "limit", "must be between 1 and 200")
		}
	}
	for name := range q {
		if name == "cursor" || name == "limit" {
			continue
		}
		f := s.filter(name)
		switch {
		case f == nil:
			return p, "", nil, invalid(ctx, name, "is no parameter here")
		case by != nil:
			return p, "", nil, invalid(ctx, name, "only one of the filters can be used at a time")
		}
		by, value = f, q.Get(name)
	}
	return p, value, by, nil
}

func (s *served[T, I]) filter(name string) *filter[T] {
	for i, f := range s.filters {
		if f.name == name {
			return &s.filters[i]
		}
	}
	return nil
}

// queryParams documents what a list may be asked for.
func (s *served[T, I]) queryParams() []*huma.Param {
	out := []*huma.Param{
		{Name: "limit", In: "query", Description: "Entries per page.", Example: defaultLimit, Schema: &huma.Schema{
			Type: huma.TypeInteger, Minimum: new(1.0), Maximum: new(float64(mostLimit)), Default: defaultLimit,
		}},
		{Name: "cursor", In: "query", Description: "next_cursor of the page before; opaque.", Schema: &huma.Schema{
			Type: huma.TypeString, MaxLength: new(maxCursor),
		}},
	}
	for _, f := range s.filters {
		out = append(out, &huma.Param{Name: f.name, In: "query", Description: f.doc, Schema: &huma.Schema{Type: huma.TypeString}})
	}
	return out
}

func conditionParam(name, doc string) *huma.Param {
	return &huma.Param{Name: name, In: "header", Description: doc, Schema: &huma.Schema{Type: huma.TypeString}, Example: `"17"`}
}

func ifMatch() *huma.Param {
	return conditionParam("If-Match", "Do it only if this is still the ETag; else "+strconv.Itoa(http.StatusPreconditionFailed)+".")
}
