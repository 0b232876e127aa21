package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
)

// operation describes a call; most need a credential with a scope.
type operation struct {
	method, path     string // path below /api/v1
	id, summary, tag string
	about            string // more than the summary, if there is more
	scope            string // thing:read or thing:write; empty = any credential will do
	open             bool   // none is needed
	least            reach  // that makes use of it; 0 = any
	status           int    // of success
	request, answer  any    // examples
	binary           bool   // the answer is a file
}

const securityName = "apiKey"

// describe makes huma's form of an operation, with the problems that every call may have.
func (a *API) describe(o operation) huma.Operation {
	security := []map[string][]string{{securityName: {}}}
	switch {
	case o.open:
		security = nil
	case o.scope != "":
		if least, known := a.scopes[o.scope]; !known || o.least < least {
			a.scopes[o.scope] = o.least
		}
		security[0][securityName] = []string{o.scope}
	}
	op := huma.Operation{
		Method: o.method, Path: prefix + o.path, OperationID: o.id, Summary: o.summary, Description: o.about, Tags: []string{o.tag},
		DefaultStatus: o.status, MaxBodyBytes: maxBody, Security: security,
		Responses: map[string]*huma.Response{},
	}
	statuses := []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity,
		http.StatusTooManyRequests, http.StatusServiceUnavailable}
	if o.method != http.MethodGet {
		statuses = append(statuses, http.StatusBadRequest, http.StatusConflict, http.StatusGatewayTimeout)
	}
	if o.method == http.MethodPatch || o.method == http.MethodDelete {
		statuses = append(statuses, http.StatusPreconditionFailed)
	}
	for _, status := range statuses {
		op.Responses[strconv.Itoa(status)] = &huma.Response{Ref: problemRef(status)}
	}
	if o.binary {
		op.Responses[strconv.Itoa(o.status)] = &huma.Response{Description: "The file.", Content: map[string]*huma.MediaType{typeBinary: {}}}
	}
	if o.method == http.MethodPost && o.scope != "" {
		op.Parameters = append(op.Parameters, onceParam())
	}
	return op
}

// scopeOf is the scope that an operation needs; empty for one that any credential opens, or that is open to all.
func scopeOf(op *huma.Operation) (scope string, open bool) {
	for _, s := range op.Security {
		if scopes := s[securityName]; len(scopes) == 1 {
			return scopes[0], false
		}
	}
	return "", len(op.Security) == 0
}

// register adds a call by huma's rules for I and O; its errors go through refuse.
func register[I, O any](a *API, o operation, handle func(context.Context, *I) (*O, error)) {
	op := a.describe(o)
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, a.refuse(ctx, err)
		}
		return out, nil
	})
	made := a.operation(op.Method, op.Path)
	for _, p := range made.Parameters {
		if p.In == "path" {
			p.Example = exampleID(p.Name)
		}
	}
	exemplify(made, o)
}

// operation finds what was registered.
func (a *API) operation(method, path string) *huma.Operation {
	item := a.huma.OpenAPI().Paths[path]
	return map[string]*huma.Operation{
		http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPatch: item.Patch, http.MethodDelete: item.Delete,
	}[method]
}

// exemplify puts the examples into an operation's media types.
func exemplify(op *huma.Operation, o operation) {
	if op.RequestBody != nil && o.request != nil {
		for _, m := range op.RequestBody.Content {
			m.Example = o.request
		}
	}
	if res := op.Responses[strconv.Itoa(op.DefaultStatus)]; res != nil && o.answer != nil {
		for _, m := range res.Content {
			m.Example = o.answer
		}
	}
}

// answer is what a raw handler gives.
type answer struct {
	status int
	tag    string // entity tag
	place  string // Location
	body   any    // nil for none
}

type handler func(ctx context.Context, w http.ResponseWriter, r *http.Request) (answer, error)

// handle adds a call that reads its request itself; op describes it already.
func (a *API) handle(op huma.Operation, serve handler) {
	a.huma.OpenAPI().AddOperation(&op)
	a.huma.Adapter().Handle(&op, a.huma.Middlewares().Handler(func(ctx huma.Context) {
		r, w := humachi.Unwrap(ctx)
		r = r.WithContext(ctx.Context()) // with the call
		out, err := serve(r.Context(), w, r)
		if err != nil {
			a.writeError(ctx, a.refuse(r.Context(), err))
			return
		}
		a.write(r.Context(), w, out)
	}))
}

func (a *API) write(ctx context.Context, w http.ResponseWriter, out answer) {
	if out.tag != "" {
		w.Header().Set("ETag", out.tag)
	}
	if out.place != "" {
		w.Header().Set("Location", out.place)
	}
	if out.body == nil {
		w.WriteHeader(out.status)
		return
	}
	b, err := json.Marshal(out.body)
	if err != nil {
		a.log.Error("answer does not encode", "request_id", requestID(ctx), "err", err)
		problem(ctx, http.StatusInternalServerError, "").write(w)
		return
	}
	w.Header().Set("Content-Type", typeJSON)
	w.WriteHeader(out.status)
	_, _ = w.Write(append(b, '\n')) // the client is gone: nobody to tell
}
