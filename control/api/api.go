package api

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/control/password"
	"github.com/meridian-video/meridian/control/seal"
	"github.com/meridian-video/meridian/control/signin"
	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/token"
)

// Store is what the API asks: replicated writes, and reads that hold every acknowledged write.
type Store interface {
	ProposeOn(ctx context.Context, c state.Command, terms state.Terms) (state.Result, error)
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
	Seal       *seal.Sealer       // hides secrets before they enter the log
	Passwords  *password.Hasher   // nil = one that makes two hashes at a time
	Cluster    Cluster            // nil = the cluster is not operated by this API
	History    *history.Store     // what has happened; nil = nothing is asked about it
	LedgerKey  ed25519.PrivateKey // seals months of usage; required with History
	Deliveries Deliveries         // nil = no operations on what webhooks were sent
	Letters    signin.Letters     // sends people links to choose a password; nil = nobody is sent one
	Providers  *http.Client       // asks companies' OpenID Connect providers; nil = nobody signs in there
	Log        *slog.Logger
	Registerer prometheus.Registerer // nil = no metrics
	Now        func() time.Time      // nil = time.Now
}

// API answers everything under /api/v1.
type API struct {
	store     Store
	tokens    Minter
	cluster   Cluster        // nil where this API does not operate it
	history   *history.Store // nil where nothing is asked about it
	ledgerKey ed25519.PrivateKey
	seal      *seal.Sealer
	passwords *password.Hasher
	signin    *signin.Signin
	origins   *http.CrossOriginProtection // of calls with the admin page's cookie
	log       *slog.Logger
	now       func() time.Time
	requests  *prometheus.CounterVec
	router    chi.Router
	huma      huma.API
	keys      *limits // calls by key
	strangers *limits // failed tries by address
	turns     *turns  // heavy questions about the past
	usage     *usage
	scopes    map[string]reach // of all operations, with the least reach that makes use of them
}

const (
	prefix       = "/api/v1"
	maxBody      = 1 << 20 // bytes
	callDeadline = 15 * time.Second
)

// New makes the API. Run keeps what it notes about keys.
func New(cfg Config) (*API, error) {
	if cfg.Store == nil || cfg.Tokens == nil || cfg.Seal == nil {
		return nil, errors.New("api: Store, Tokens and Seal are required")
	}
	if cfg.History != nil && len(cfg.LedgerKey) != ed25519.PrivateKeySize {
		return nil, errors.New("api: History needs a LedgerKey")
	}
	a := &API{
		store: cfg.Store, tokens: cfg.Tokens, cluster: cfg.Cluster, history: cfg.History, ledgerKey: cfg.LedgerKey, seal: cfg.Seal, passwords: cfg.Passwords, log: cfg.Log, now: cfg.Now,
		keys: newLimits(), strangers: newLimits(), turns: newTurns(), usage: newUsage(), scopes: map[string]reach{},
		origins: http.NewCrossOriginProtection(),
	}
	if a.passwords == nil {
		a.passwords = password.New(2)
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if a.now == nil {
		a.now = time.Now
	}
	a.signin = signin.New(signin.Config{
		Store: a.store, Passwords: a.passwords, Seal: a.seal, Letters: cfg.Letters, Client: cfg.Providers, Log: a.log, Now: a.now,
	})
	a.requests = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "meridian_control_api_requests_total", Help: "API calls by route and status.",
	}, []string{"method", "route", "status"})
	if cfg.Registerer != nil {
		if err := cfg.Registerer.Register(a.requests); err != nil {
			return nil, fmt.Errorf("register API metrics: %w", err)
		}
	}
	return a, a.route(cfg.Deliveries)
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.router.ServeHTTP(w, r) }

func (a *API) route(deliveries Deliveries) error {
	r := chi.NewRouter()
	r.Use(a.observe, a.recoverPanic, limitBody, a.slide)
	r.NotFound(func(w http.ResponseWriter, r *http.Request) { notFound(r.Context()).write(w) })
	r.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		problem(r.Context(), http.StatusMethodNotAllowed, "The resource exists; the method does not.").write(w)
	})
	a.router = r
	a.huma = humachi.New(r, humaConfig())
	a.huma.UseMiddleware(a.authenticate, a.once)
	document(a.huma.OpenAPI())
	a.resources()
	a.registerTokens()
	a.registerRevocations()
	a.registerSettings()
	a.registerSessions()
	if a.cluster != nil {
		a.registerCluster(a.cluster)
	}
	if a.history != nil {
		a.registerPast()
	}
	if deliveries != nil {
		a.registerDeliveries(deliveries)
		a.registerWebhookCare(deliveries)
	}
	return a.serveDocument()
}
