package api

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/meridian-video/meridian/control/proxy"
	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/store"
)

// Problem is the body of every refusal (RFC 9457).
type Problem struct {
	Type      string       `json:"type" doc:"Always about:blank; the code tells problems apart." example:"about:blank"`
	Title     string       `json:"title" example:"Unprocessable Entity"`
	Status    int          `json:"status" example:"422"`
	Code      string       `json:"code" doc:"Stable word for programs." example:"validation_failed"`
	Detail    string       `json:"detail,omitempty" doc:"A sentence for people." example:"name: must not be empty"`
	RequestID string       `json:"request_id" doc:"Also in the X-Request-Id header; quote it to the operator."`
	Errors    []FieldError `json:"errors,omitempty" doc:"What is wrong, field by field."`
}

// FieldError blames one field. The value itself is not repeated: it may be a secret.
type FieldError struct {
	Field  string `json:"field" example:"name"`
	Reason string `json:"reason" example:"must not be empty"`
}

// Error implements error.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return typeProblem }

// codes of problems that have no cause in the domain.
var codes = map[int]string{
	http.StatusBadRequest:            "malformed_request",
	http.StatusUnauthorized:          "unauthorized",
	http.StatusForbidden:             "forbidden",
	http.StatusNotFound:              "not_found",
	http.StatusMethodNotAllowed:      "method_not_allowed",
	http.StatusRequestTimeout:        "request_timeout",
	http.StatusConflict:              "conflict",
	http.StatusPreconditionFailed:    "stale",
	http.StatusRequestEntityTooLarge: "body_too_large",
	http.StatusUnsupportedMediaType:  "unsupported_media_type",
	http.StatusUnprocessableEntity:   "validation_failed",
	http.StatusTooManyRequests:       "too_many_requests",
	http.StatusInternalServerError:   "internal",
	http.StatusServiceUnavailable:    "unavailable",
	http.StatusGatewayTimeout:        "timeout",
}

// Codes that share their status with another.
const (
	codeScope  = "insufficient_scope"
	codeReused = "key_reused"
	codeUsed   = "used"
	codeBusy   = "busy"
)

// TransformSchema implements huma.SchemaTransformer: the document lists the codes.
func (*Problem) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	words := append(slices.Collect(maps.Values(codes)), codeScope, codeReused, codeUsed, codeBusy, proxy.RefusedNoLeader)
	slices.Sort(words)
	for _, w := range words {
		s.Properties["code"].Enum = append(s.Properties["code"].Enum, w)
	}
	return s
}

var reflectProblem = reflect.TypeFor[Problem]()

const typeProblem = "application/problem+json"

func problem(ctx context.Context, status int, detail string) *Problem {
	code, ok := codes[status]
	if !ok {
		code = "internal"
	}
	return &Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: detail, RequestID: requestID(ctx),
	}
}

// init gives huma our form of errors, and makes it as strict about names as the rules on who may write which
// field are. The library has only these package variables for it; this package is its only user in the binary.
func init() {
	huma.ValidateStrictCasing = true
	huma.DefaultArrayNullable = false
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		return fromHuma(context.Background(), status, msg, errs)
	}
	huma.NewErrorWithContext = func(c huma.Context, status int, msg string, errs ...error) huma.StatusError {
		ctx := context.Background()
		if c != nil {
			ctx = c.Context()
		}
		return fromHuma(ctx, status, msg, errs)
	}
}

func fromHuma(ctx context.Context, status int, msg string, errs []error) *Problem {
	p := problem(ctx, status, msg)
	if status >= 500 {
		p.Detail = "" // the cause is the log's business
		return p
	}
	for _, err := range errs {
		var d huma.ErrorDetailer
		if errors.As(err, &d) {
			detail := d.ErrorDetail()
			p.Errors = append(p.Errors, blame(detail))
		}
	}
	return p
}

// blame translates huma's detail. A missing property is huma's complaint about the object around it; ours is
// about the field.
func blame(d *huma.ErrorDetail) FieldError {
	if name, ok := strings.CutPrefix(d.Message, "expected required property "); ok {
		if name, ok = strings.CutSuffix(name, " to be present"); ok {
			return FieldError{Field: field(d.Location + "." + name), Reason: "is required"}
		}
	}
	return FieldError{Field: field(d.Location), Reason: d.Message}
}

// field drops the place from huma's location: body.name and query.limit become name and limit.
func field(location string) string {
	for _, place := range []string{"body.", "query.", "path.", "header."} {
		if rest, ok := strings.CutPrefix(location, place); ok {
			return rest
		}
	}
	return location
}

// refuse is the one place where an error becomes a status.
func (a *API) refuse(ctx context.Context, err error) error {
	_, isProblem := errors.AsType[*Problem](err)
	d, isDomain := errors.AsType[*state.Error](err)
	switch {
	case isProblem:
		return err // with its headers
	case isDomain:
		return fromState(ctx, d)
	case errors.Is(err, store.ErrNotMember):
		return notFound(ctx)
	case errors.Is(err, store.ErrUnknownOutcome): // first: what may have happened must not seem refused
		a.log.Warn("outcome unknown", "request_id", requestID(ctx), "err", err)
		return problem(ctx, http.StatusGatewayTimeout, "The outcome is not known; read before trying again.")
	case errors.Is(err, store.ErrNotLeader), errors.Is(err, store.ErrClosed), errors.Is(err, store.ErrLatched):
		a.log.Warn("API call without a leader", "request_id", requestID(ctx), "err", err)
		p := problem(ctx, http.StatusServiceUnavailable, "The control plane cannot decide now. Try again.")
		p.Code = proxy.RefusedNoLeader
		return huma.ErrorWithHeaders(p, http.Header{"Retry-After": {"1"}, proxy.RefusedHeader: {proxy.RefusedNoLeader}})
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return problem(ctx, http.StatusGatewayTimeout, "The call took too long.")
	}
	if p := refusePast(ctx, err); p != nil {
		return p
	}
	a.log.Error("API call ended in an internal error", "request_id", requestID(ctx), "err", err)
	return problem(ctx, http.StatusInternalServerError, "")
}

func fromState(ctx context.Context, d *state.Error) error {
	switch d.Code {
	case state.CodeNotFound:
		return notFound(ctx)
	case state.CodeConflict:
		p := problem(ctx, http.StatusConflict, d.Message)
		if d.Field != "" {
			p.Errors = []FieldError{{d.Field, d.Message}}
		}
		return p
	case state.CodeInvalid:
		return invalid(ctx, d.Field, d.Message)
	case state.CodeMalformed:
		return problem(ctx, http.StatusUnprocessableEntity, d.Message)
	case state.CodeStale:
		return problem(ctx, http.StatusPreconditionFailed, "It has been changed since; read it again.")
	case state.CodeKeyReused:
		return coded(problem(ctx, http.StatusUnprocessableEntity, "The Idempotency-Key was used for another request."), codeReused)
	case state.CodeUsed:
		return coded(problem(ctx, http.StatusConflict, d.Message), codeUsed)
	case state.CodeBusy:
		p := coded(problem(ctx, http.StatusServiceUnavailable, d.Message), codeBusy)
		return huma.ErrorWithHeaders(p, http.Header{"Retry-After": {"60"}})
	}
	return problem(ctx, http.StatusInternalServerError, "")
}

func coded(p *Problem, code string) *Problem {
	p.Code = code
	return p
}

func invalid(ctx context.Context, field, reason string) *Problem {
	p := problem(ctx, http.StatusUnprocessableEntity, field+": "+reason)
	p.Errors = []FieldError{{field, reason}}
	return p
}

func notFound(ctx context.Context) *Problem {
	return problem(ctx, http.StatusNotFound, "There is no such thing here.")
}

func forbidden(ctx context.Context, detail string) *Problem {
	return problem(ctx, http.StatusForbidden, detail)
}

// write answers outside of huma: unknown routes and methods.
func (p *Problem) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", typeProblem)
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client is gone: nobody to tell
}
