package signal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/go-chi/chi/v5"
)

// Media types of WHIP and WHEP (RFC 9725 sections 4.2 and 4.3).
const (
	typeSDP      = "application/sdp"
	typeFragment = "application/trickle-ice-sdpfrag"
)

// MediaRequest is a WHIP or WHEP offer.
type MediaRequest struct {
	Room        string
	Token       string
	Offer       string
	Host        string
	Participant string // WHEP: play this participant only
	Name        string // WHIP: name shown, where no token gives one
	Trace       string
}

// MediaHost takes publishers and players that know only the standards.
type MediaHost interface {
	Publish(ctx context.Context, r MediaRequest) (Resource, error)
	Play(ctx context.Context, r MediaRequest) (Resource, error)
	ICEServers(name string) []ICEServer
}

// Resource is one WHIP or WHEP session. When Done is closed it has let go of
// everything by itself.
type Resource interface {
	Answer() string
	Restart(ctx context.Context, fragment string) (answer string, err error) // fragments of RFC 8840
	AddCandidates(fragment string) error
	Done() <-chan struct{}
	Close()
}

var (
	// ErrUfrag is returned by AddCandidates for candidates of another ICE session.
	ErrUfrag = errors.New("candidates of another ICE session")
	// errGone is shown where the session has just ended.
	errGone = Refuse(NotFound, "There is no such session (any more).", nil)
)

// Streams serves /whip/{room} and /whep/{room} and the sessions below them.
type Streams struct {
	host MediaHost
	log  *slog.Logger

	mu       sync.Mutex
	closed   bool
	sessions map[string]*stream
	wg       sync.WaitGroup // requests that open sessions, and sessions
}

// stream is one session with what a later PATCH needs.
type stream struct {
	mu   sync.Mutex
	res  Resource
	etag string
}

// NewStreams makes the handlers of WHIP and WHEP.
func NewStreams(host MediaHost, log *slog.Logger) *Streams {
	return &Streams{host: host, log: log, sessions: map[string]*stream{}}
}

// Close takes no new session and returns when every session is over, which is
// for their transports to say.
func (s *Streams) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.wg.Wait()
}

func (s *Streams) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.wg.Add(1)
	return true
}

// Mount adds the routes.
func (s *Streams) Mount(r chi.Router) {
	for _, kind := range []string{"whip", "whep"} {
		open := s.host.Publish
		if kind == "whep" {
			open = s.host.Play
		}
		r.Route("/"+kind+"/{room}", func(r chi.Router) {
			r.Use(cors)
			r.Options("/", s.options)
			r.Post("/", s.post(open))
			r.Options("/{session}", s.options)
			r.Patch("/{session}", s.patch)
			r.Delete("/{session}", s.delete)
		})
	}
}

func cors(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Allow-Methods", "OPTIONS, POST, PATCH, DELETE")
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match")
		h.Set("Access-Control-Expose-Headers", "Location, ETag, Link, Retry-After")
		next.ServeHTTP(w, r)
	})
}

func (s *Streams) options(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Accept-Post", typeSDP)
	w.Header().Set("Accept-Patch", typeFragment)
	w.WriteHeader(http.StatusNoContent)
}

func (s *Streams) post(open func(context.Context, MediaRequest) (Resource, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		trace := NewTrace()
		if !s.enter() {
			s.fail(w, &Error{Kind: Refused, Code: NodeDraining, Message: "This server is stopping; another one takes you.", RetryAfter: 1}, trace)
			return
		}
		defer s.wg.Done()
		offer, err := readBody(w, r, typeSDP)
		if err != nil {
			s.fail(w, err, trace)
			return
		}
		room := chi.URLParam(r, "room")
		if r.URL.RawPath != "" { // else the path had nothing that must stay escaped, and is plain already
			room, err = url.PathUnescape(room)
		}
		if err != nil {
			s.fail(w, Refuse(BadMessage, "room: "+err.Error(), err), trace)
			return
		}
		q := r.URL.Query()
		res, err := open(r.Context(), MediaRequest{
			Room: room, Token: bearer(r), Offer: offer, Host: r.Host, Trace: trace,
			Participant: q.Get("participant"), Name: q.Get("name"),
		})
		if err != nil {
			s.fail(w, err, trace)
			return
		}
		id := rand.Text()
		st := s.keep(id, res)
		for _, link := range links(s.host.ICEServers(id[:12])) {
			w.Header().Add("Link", link)
		}
		w.Header().Set("Content-Type", typeSDP)
		w.Header().Set("Location", strings.TrimSuffix(r.URL.EscapedPath(), "/")+"/"+id)
		w.Header().Set("ETag", st.etag)
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, res.Answer())
	}
}

// keep files the session until its transport ends.
func (s *Streams) keep(id string, res Resource) *stream {
	st := &stream{res: res, etag: newETag()}
	s.mu.Lock()
	s.sessions[id] = st
	s.mu.Unlock()
	s.wg.Go(func() {
		<-res.Done()
		s.mu.Lock()
		delete(s.sessions, id)
		s.mu.Unlock()
	})
	return st
}

func (s *Streams) session(r *http.Request) (*stream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st, ok := s.sessions[chi.URLParam(r, "session")]
	if !ok {
		return nil, errGone
	}
	return st, nil
}

func (s *Streams) delete(w http.ResponseWriter, r *http.Request) {
	st, err := s.session(r)
	if err != nil {
		s.fail(w, err, NewTrace())
		return
	}
	st.res.Close()
	w.WriteHeader(http.StatusOK)
}

// patch adds candidates (If-Match is the session's ETag) or restarts ICE
// (If-Match is "*"), RFC 9725 section 4.3.
func (s *Streams) patch(w http.ResponseWriter, r *http.Request) {
	st, err := s.session(r)
	if err != nil {
		s.fail(w, err, NewTrace())
		return
	}
	fragment, err := readBody(w, r, typeFragment)
	if err != nil {
		s.fail(w, err, NewTrace())
		return
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	switch match := r.Header.Get("If-Match"); match {
	case "":
		http.Error(w, "If-Match is required", http.StatusPreconditionRequired)
	case "*", `"*"`:
		s.restart(w, r, st, fragment)
	case st.etag:
		switch err := st.res.AddCandidates(fragment); {
		case errors.Is(err, ErrUfrag):
			http.Error(w, err.Error(), http.StatusPreconditionFailed)
		case err != nil:
			s.failIn(w, st, err)
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	default:
		http.Error(w, "another ICE session is in use", http.StatusPreconditionFailed)
	}
}

// restart has the transport take the fragment's credentials and answers with
// the transport's own.
func (s *Streams) restart(w http.ResponseWriter, r *http.Request, st *stream, fragment string) {
	answer, err := st.res.Restart(r.Context(), fragment)
	if err != nil {
		s.failIn(w, st, err)
		return
	}
	st.etag = newETag()
	w.Header().Set("Content-Type", typeFragment)
	w.Header().Set("ETag", st.etag)
	w.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(w, answer)
}

// failIn is fail for a session that may have ended meanwhile, which then is why.
func (s *Streams) failIn(w http.ResponseWriter, st *stream, err error) {
	select {
	case <-st.res.Done():
		err = errGone
	default:
	}
	s.fail(w, err, NewTrace())
}

func (s *Streams) fail(w http.ResponseWriter, err error, trace string) {
	e := asError(err, Refused)
	if e.Code == Internal {
		s.log.Error("stream request", "trace", trace, "err", err)
	}
	Problem(w, e, trace)
}

// errMediaType is shown as 415.
var errMediaType = errors.New("unsupported media type")

func readBody(w http.ResponseWriter, r *http.Request, want string) (string, error) {
	got, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || got != want {
		return "", Refuse(BadMessage, fmt.Sprintf("Content-Type: must be %s", want), errMediaType)
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxOffer))
	if err != nil {
		return "", Refuse(BadMessage, fmt.Sprintf("body: is longer than %d bytes or broke off", MaxOffer), err)
	}
	return string(b), nil
}

// links writes ICE servers as RFC 9725 section 4.6 has them.
func links(servers []ICEServer) []string {
	var out []string
	for _, s := range servers {
		for _, u := range s.URLs {
			l := fmt.Sprintf("<%s>; rel=\"ice-server\"", u)
			if s.Username != "" {
				l += fmt.Sprintf("; username=%q; credential=%q; credential-type=\"password\"", s.Username, s.Credential)
			}
			out = append(out, l)
		}
	}
	return out
}

func newETag() string { return `"` + rand.Text()[:12] + `"` }
