package edge

import (
	"cmp"
	"errors"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/meridian-video/meridian/control/entry"
	"github.com/meridian-video/meridian/control/notify/guard"
	"github.com/meridian-video/meridian/edge/photo"
)

// photoTimeout bounds one request to where a picture is.
const photoTimeout = 5 * time.Second

// Photos says where pictures of people are looked for.
type Photos struct {
	// Gravatar is the base URL of the service that has pictures by the hash of an
	// e-mail address; empty: none is asked.
	Gravatar string
	// Guard says which addresses may be called; nil: public ones.
	Guard *guard.Guard
}

func newAlbum(p Photos) *photo.Album {
	return photo.New(photo.Config{Gravatar: p.Gravatar, Client: cmp.Or(p.Guard, new(guard.Guard)).Client(photoTimeout), Now: time.Now})
}

// photoOf is where the picture is of who comes in; other nodes are told, and no
// participant.
func photoOf(adm entry.Admission) string {
	return cmp.Or(adm.Photo, string(photo.ByMail(adm.MailHash)))
}

// photo answers with a picture, to the pages of any node: a client loads it from
// the node that told it the id.
func (n *Node) photo(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'")
	h.Set("Cache-Control", "no-store")
	picture, err := n.album.Picture(r.Context(), chi.URLParam(r, "id"))
	switch {
	case errors.Is(err, photo.ErrUnknown), errors.Is(err, photo.ErrNone):
		w.WriteHeader(http.StatusNotFound)
	case err != nil: // the client has gone
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		h.Set("Content-Type", "image/jpeg")
		h.Set("Cache-Control", "private, max-age=3600")
		_, _ = w.Write(picture)
	}
}
