package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

const (
	bodyDeadline = 5 * time.Second
	typeJSON     = "application/json"
	typeBinary   = "application/octet-stream"
	typeMerge    = "application/merge-patch+json" // RFC 7396
)

// fields are the members of a JSON object as they were spelt.
type fields map[string]json.RawMessage

// has tells whether a member is there, null or not.
func (f fields) has(name string) bool { _, ok := f[name]; return ok }

// set gives a member a text.
func (f fields) set(name, text string) {
	b, err := json.Marshal(text)
	if err != nil {
		b = []byte("null") // strings encode
	}
	f[name] = b
}

// text is a member that is a string; empty where it is absent, null or something else.
func (f fields) text(name string) string {
	var s string
	if json.Unmarshal(f[name], &s) != nil {
		return ""
	}
	return s
}

// object is the members as an object, in the order of their names.
func (f fields) object() json.RawMessage {
	b, err := json.Marshal(map[string]json.RawMessage(f))
	if err != nil {
		return json.RawMessage("null") // what came from JSON goes back
	}
	return b
}

// readBody takes a request's body into memory within time and size; it can be read again afterwards. The time is
// the body's alone: a deadline that stays would end a call that waits for a leader.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *Problem) {
	if buffered, ok := r.Body.(*buffer); ok {
		return buffered.bytes, nil
	}
	_ = huma.SetReadDeadline(w, time.Now().Add(bodyDeadline)) // not every writer can
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	_ = huma.SetReadDeadline(w, time.Time{})
	tooLarge, _ := errors.AsType[*http.MaxBytesError](err)
	switch {
	case tooLarge != nil || len(body) > maxBody:
		return nil, problem(r.Context(), http.StatusRequestEntityTooLarge, "A body has at most 1 MiB.")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, problem(r.Context(), http.StatusRequestTimeout, "The body did not arrive in time.")
	case err != nil:
		return nil, problem(r.Context(), http.StatusBadRequest, "The body could not be read.")
	}
	r.Body = &buffer{bytes.NewReader(body), body}
	return body, nil
}

// buffer is a body in memory.
type buffer struct {
	*bytes.Reader
	bytes []byte
}

// Close implements io.Closer.
func (*buffer) Close() error { return nil }

// decode reads the JSON object of a request and checks it by its schema.
func (a *API) decode(w http.ResponseWriter, r *http.Request, schema *huma.Schema, types ...string) (fields, error) {
	ctx := r.Context()
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); r.Header.Get("Content-Type") != "" {
		known := false
		for _, want := range types {
			known = known || t == want
		}
		if err != nil || !known {
			return nil, problem(ctx, http.StatusUnsupportedMediaType, "The body must be "+types[0]+".")
		}
	}
	body, p := readBody(w, r)
	if p != nil {
		return nil, p
	}
	if len(body) == 0 {
		return nil, problem(ctx, http.StatusBadRequest, "A body is required.")
	}
	return a.check(ctx, schema, body)
}

// check reads an object by its schema.
func (a *API) check(ctx context.Context, schema *huma.Schema, body []byte) (fields, error) {
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return nil, problem(ctx, http.StatusBadRequest, "The body is no JSON: "+err.Error())
	}
	res := &huma.ValidateResult{}
	path := huma.NewPathBuffer(make([]byte, 0, 64), 0)
	path.Push("body")
	huma.Validate(a.huma.OpenAPI().Components.Schemas, schema, path, huma.ModeWriteToServer, value, res)
	if len(res.Errors) > 0 {
		return nil, fromHuma(ctx, http.StatusUnprocessableEntity, "validation failed", res.Errors)
	}
	var f fields
	if err := json.Unmarshal(body, &f); err != nil || f == nil {
		return nil, problem(ctx, http.StatusUnprocessableEntity, "The body must be an object.")
	}
	return f, nil
}
