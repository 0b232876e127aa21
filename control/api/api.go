package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/token"
)

// Store is what the API asks: replicated writes, and reads that hold every acknowledged write.
type Store interface {
	Propose(ctx context.Context, c state.Command) (state.Result, error)
	Linearizable(ctx context.Context) (*state.View, error)
}

// Minter signs native join tokens.
type Minter interface {
	Mint(c token.Claims) (string, error)
}

// Config of the API.
type Config struct {
	Store      Store
	Tokens     Minter
	Cluster    Cluster // nil = the cluster is not operated by this API
	Log        *slog.Logger
	Registerer prometheus.Registerer // nil = no metrics
	Now        func() time.Time      // nil = time.Now
}

type api struct {
	store    Store
	tokens   Minter
	log      *slog.Logger
	now      func() time.Time
	requests *prometheus.CounterVec
	huma     huma.API
}

const (
	prefix       = "/api/v1"
	maxBody      = 1 << 20
	callDeadline = 15 * time.Second
	securityName = "apiKey"
)

// New makes the handler of everything under /api/v1.
func New(cfg Config) (http.Handler, error) {
	if cfg.Store == nil || cfg.Tokens == nil {
		return nil, errors.New("api: Store and Tokens are required")
	}
	a := &api{store: cfg.Store, tokens: cfg.Tokens, log: cfg.Log, now: cfg.Now}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if a.now == nil {
		a.now = time.Now
	}
	a.requests = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "meridian_control_api_requests_total", Help: "API calls by route and status.",
	}, []string{"method", "route", "status"})
	if cfg.Registerer != nil {
		if err := cfg.Registerer.Register(a.requests); err != nil {
			return nil, fmt.Errorf("register API metrics: %w", err)
		}
	}
	r := chi.NewRouter()
	r.Use(a.observe, a.recoverPanic, limit)
	r.NotFound(func(w http.ResponseWriter, r *http.Request) { notFound(r.Context()).write(w) })
	r.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		problem(r.Context(), http.StatusMethodNotAllowed, "The resource exists; the method does not.").write(w)
	})
	a.huma = humachi.New(r, humaConfig())
	a.huma.UseMiddleware(a.authenticate)
	a.registerPlatform()
	a.registerCompanies()
	a.registerKeys()
	a.registerAPIKeys()
	a.registerDomains()
	a.registerRooms()
	a.registerTokens()
	if cfg.Cluster != nil {
		a.registerCluster(cfg.Cluster)
	}
	return r, nil
}

func humaConfig() huma.Config {
	c := huma.DefaultConfig("Meridian control API", "1")
	c.Info.Description = "Companies, keys, domains and rooms of a Meridian network, and join tokens for them."
	c.OpenAPIPath = prefix + "/openapi"
	c.DocsPath, c.SchemasPath = "", ""
	c.CreateHooks = nil // no $schema links in bodies
	c.RejectUnknownQueryParameters = true
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		securityName: {Type: "http", Scheme: "bearer", Description: "An API key: mrk_<id>_<secret>."},
	}
	return c
}

// operation describes a call that needs a key.
func operation(method, path, id, summary, tag string, status int) huma.Operation {
	return huma.Operation{
		Method: method, Path: prefix + path, OperationID: id, Summary: summary, Tags: []string{tag}, DefaultStatus: status,
		MaxBodyBytes: maxBody, Security: []map[string][]string{{securityName: {}}},
	}
}

// register adds a call whose errors go through refuse.
func register[I, O any](a *api, op huma.Operation, handle func(context.Context, *I) (*O, error)) {
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, a.refuse(ctx, err)
		}
		return out, nil
	})
}

// propose applies a command and returns its value.
func propose[T any](ctx context.Context, a *api, c state.Command) (T, error) {
	var zero T
	r, err := a.store.Propose(ctx, c)
	if err != nil {
		return zero, err
	}
	v, ok := r.Value.(T)
	if !ok {
		return zero, fmt.Errorf("command %s gave %T", c.Name(), r.Value)
	}
	return v, nil
}

// company finds the company of the path for a caller who may see it: others hear that it is not there.
func company(ctx context.Context, id string) (state.Company, error) {
	c := callOf(ctx)
	if !c.platform() && c.key.Company != id {
		return state.Company{}, notFound(ctx)
	}
	found, ok := c.view.Company(id)
	if !ok {
		return state.Company{}, notFound(ctx)
	}
	return found, nil
}

// platformOnly refuses keys of companies.
func platformOnly(ctx context.Context) error {
	if !callOf(ctx).platform() {
		return problem(ctx, http.StatusForbidden, "This call needs an API key of the platform.")
	}
	return nil
}

// writeError answers from a middleware with what refuse made.
func (a *api) writeError(ctx huma.Context, err error) {
	var h huma.HeadersError
	if errors.As(err, &h) {
		for name, values := range h.GetHeaders() {
			for _, v := range values {
				ctx.SetHeader(name, v)
			}
		}
	}
	var p *Problem
	if !errors.As(err, &p) {
		p = problem(ctx.Context(), http.StatusInternalServerError, "")
	}
	ctx.SetHeader("Content-Type", p.ContentType(""))
	ctx.SetStatus(p.Status)
	if err := a.huma.Marshal(ctx.BodyWriter(), "application/json", p); err != nil {
		a.log.Debug("write refusal", "request_id", p.RequestID, "err", err)
	}
}

// observe gives the request its id, counts it and logs it without its query.
func (a *api) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Request-Id")
		if !goodRequestID(id) {
			id = NewID(a.now())
		}
		w.Header().Set("X-Request-Id", id)
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), keyRequestID, id), callDeadline)
		defer cancel()
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		start := time.Now()
		r = r.WithContext(ctx)
		next.ServeHTTP(ww, r)
		route := chi.RouteContext(ctx).RoutePattern()
		if route == "" {
			route = "unknown"
		}
		a.requests.WithLabelValues(r.Method, route, strconv.Itoa(ww.Status())).Inc()
		a.log.Info("API call", "method", r.Method, "route", route, "status", ww.Status(), "request_id", id, "took", time.Since(start))
	})
}

// recoverPanic turns a bug into a 500 with its request's id; the stack goes to the log.
func (a *api) recoverPanic(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler {
				panic(v)
			}
			a.log.Error("panic in the API", "request_id", requestID(r.Context()), "panic", fmt.Sprint(v))
			problem(r.Context(), http.StatusInternalServerError, "").write(w)
		}()
		next.ServeHTTP(w, r)
	})
}

func limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody+1) // huma answers at maxBody; this one stops the rest
		next.ServeHTTP(w, r)
	})
}

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(keyRequestID).(string)
	return id
}

func goodRequestID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for _, c := range []byte(id) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}
