package control

import (
	"bytes"
	"errors"
	"io"
	"net/http"

	"github.com/meridian-video/meridian/control/edgeapi"
	"github.com/meridian-video/meridian/control/store"
	"github.com/meridian-video/meridian/control/token"
	"github.com/meridian-video/meridian/geo"
)

// decideForEdges makes what the leader answers edges with.
func (n *Node) decideForEdges(tokens *token.Signer) http.Handler {
	return &edgeapi.Handler{
		Store: n.store, Tokens: tokens, Open: n.sealer.Open, Log: n.log.With("part", "edges"),
		Retry: func(w http.ResponseWriter, err error) bool {
			if !errors.Is(err, store.ErrNotLeader) {
				return false
			}
			refuse(w, err)
			return true
		},
	}
}

// ofOwnHomes lets an edge say where rooms have their home if that is itself.
func ofOwnHomes(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, err := geo.NodeIDOf(r.TLS.PeerCertificates[0])
		if err != nil {
			http.Error(w, "the certificate names no node", http.StatusForbidden)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, edgeapi.MaxBody))
		if err != nil {
			http.Error(w, "unreadable body", http.StatusBadRequest)
			return
		}
		if !edgeapi.OfNode(body, string(id)) {
			http.Error(w, "a node places rooms at itself", http.StatusForbidden)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}
