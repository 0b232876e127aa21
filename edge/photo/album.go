package photo

import (
	"container/list"
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"sync"
	"time"
)

// ErrNone is returned where there is no picture to be had now.
var ErrNone = errors.New("there is no picture")

// Bounds of an album.
const (
	maxSources  = 8192             // remembered
	maxPictures = 32 << 20         // bytes of pictures kept
	keep        = time.Hour        // a picture
	keepFailure = time.Minute      // that there is none
	atOnce      = 2                // fetches, each of which decodes up to maxPixels
	patience    = 5 * time.Second  // for a fetch
	turn        = 20 * time.Second // for one's turn among the fetches
)

// Config is what an Album is made of.
type Config struct {
	// Gravatar is the base URL of the service that knows pictures by the hash of
	// an e-mail address; empty: none is asked.
	Gravatar string
	// Client fetches; it refuses private addresses and follows no redirects.
	Client *http.Client
	Now    func() time.Time
}

// Album knows sources by ids of its own and keeps their pictures. Its methods
// may be called from any goroutine.
type Album struct {
	cfg   Config
	key   []byte
	slots chan struct{}

	mu     sync.Mutex
	prints map[id]*list.Element // of *print
	order  *list.List           // used last first
	bytes  int                  // of pictures kept
}

// print is one source and its picture.
type print struct {
	id      id
	source  Source
	picture []byte
	until   time.Time     // picture, or that there is none, is good
	loading chan struct{} // closed when the fetch under way is over; nil: none is
}

// New makes an empty album.
func New(cfg Config) *Album {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	return &Album{cfg: cfg, key: key, slots: make(chan struct{}, atOnce), prints: map[id]*list.Element{}, order: list.New()}
}

// ID is what a source's picture is asked for by, at this node and while it
// lives; empty where the source leads nowhere. Nothing is fetched before.
func (a *Album) ID(s Source) string {
	if _, ok := s.address(a.cfg.Gravatar); !ok {
		return ""
	}
	name := a.idOf(s)
	a.mu.Lock()
	defer a.mu.Unlock()
	if e, ok := a.prints[name]; ok {
		a.order.MoveToFront(e)
		return name.String()
	}
	a.prints[name] = a.order.PushFront(&print{id: name, source: s})
	if a.order.Len() > maxSources {
		a.forget(a.order.Back())
	}
	return name.String()
}

// Picture is the JPEG for an id: kept, or fetched once however many ask. It
// returns ErrUnknown for an id that is none, ErrNone where there is no picture,
// and the context's error.
func (a *Album) Picture(ctx context.Context, text string) ([]byte, error) {
	name, err := parseID(text)
	if err != nil {
		return nil, err
	}
	for {
		p, wait, err := a.find(name)
		switch {
		case err != nil:
			return nil, err
		case wait == nil && p.loading != nil:
			a.load(ctx, p)
		case wait == nil && p.picture == nil:
			return nil, ErrNone
		case wait == nil:
			return p.picture, nil
		default:
			select {
			case <-wait:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
	}
}

// find gives a copy of what is known of an id, or what to wait for. Where the
// copy has a fetch, it is the caller's to do.
func (a *Album) find(name id) (print, <-chan struct{}, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	e, ok := a.prints[name]
	if !ok {
		return print{}, nil, ErrUnknown
	}
	a.order.MoveToFront(e)
	p := e.Value.(*print)
	switch {
	case p.loading != nil:
		return *p, p.loading, nil
	case !a.cfg.Now().Before(p.until):
		p.loading = make(chan struct{})
	}
	return *p, nil, nil
}

// load fetches, also when who asked first has gone: others wait.
func (a *Album) load(ctx context.Context, p print) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), turn)
	defer cancel()
	var picture []byte
	select {
	case a.slots <- struct{}{}:
		picture, _ = a.fetch(ctx, p.source)
		<-a.slots
	case <-ctx.Done():
	}
	a.store(p, picture)
	close(p.loading)
}

func (a *Album) store(p print, picture []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	e, ok := a.prints[p.id]
	if !ok {
		return // forgotten meanwhile
	}
	q := e.Value.(*print)
	a.bytes += len(picture) - len(q.picture)
	q.picture, q.loading, q.until = picture, nil, a.cfg.Now().Add(keep)
	if picture == nil {
		q.until = a.cfg.Now().Add(keepFailure)
	}
	for e := a.order.Back(); e != nil && a.bytes > maxPictures; e = e.Prev() {
		old := e.Value.(*print)
		a.bytes -= len(old.picture)
		old.picture, old.until = nil, time.Time{}
	}
}

func (a *Album) forget(e *list.Element) {
	p := e.Value.(*print)
	a.order.Remove(e)
	delete(a.prints, p.id)
	a.bytes -= len(p.picture)
}
