package gcore

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"
)

const (
	maxBody = 4 << 10 // bytes
	maxName = 256     // bytes of the id of a room or a peer, as rooms have it
)

// errQuestion is returned for what cannot be read.
var errQuestion = errors.New("bad request")

// question is what a call is about.
type question struct {
	company, room, peer string
}

// read takes the room from the path and the peer from path, body or query.
func read(w http.ResponseWriter, r *http.Request) (q question, err error) {
	if q.room, err = part(r, "room"); err != nil {
		return q, err
	}
	if q.peer, err = part(r, "peer"); err != nil {
		return q, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return q, fmt.Errorf("%w: the body is longer than %d bytes or broke off", errQuestion, maxBody)
	}
	named, err := peerOf(r.Header.Get("Content-Type"), body)
	if err != nil {
		return q, err
	}
	values := r.URL.Query()
	q.peer = cmp.Or(q.peer, named, values.Get("peerId"), values.Get("peerID"))
	if !fits(q.room) || q.room == "" || !fits(q.peer) {
		return q, fmt.Errorf("%w: roomId and peerId have at most %d bytes of UTF-8", errQuestion, maxName)
	}
	return q, nil
}

func fits(name string) bool { return len(name) <= maxName && utf8.ValidString(name) }

// part is a part of the path, unescaped.
func part(r *http.Request, name string) (string, error) {
	text := chi.URLParam(r, name)
	if r.URL.RawPath == "" { // it was unescaped
		return text, nil
	}
	text, err := url.PathUnescape(text)
	if err != nil {
		return "", fmt.Errorf("%w: the path cannot be read", errQuestion)
	}
	return text, nil
}

// peerOf reads the peer id of a body: JSON, in which it may be a number, or a
// form. An empty body has none.
func peerOf(contentType string, body []byte) (string, error) {
	if len(body) == 0 {
		return "", nil
	}
	if kind, _, _ := mime.ParseMediaType(contentType); kind == "application/x-www-form-urlencoded" && body[0] != '{' {
		v, err := url.ParseQuery(string(body))
		if err != nil {
			return "", fmt.Errorf("%w: the form cannot be read", errQuestion)
		}
		return cmp.Or(v.Get("peerId"), v.Get("peerID")), nil
	}
	var named struct {
		Peer name `json:"peerId"` // encoding/json takes peerID as well
	}
	if err := json.Unmarshal(body, &named); err != nil {
		return "", fmt.Errorf("%w: the body is no JSON with a peerId", errQuestion)
	}
	return string(named.Peer), nil
}

// name is an id that partners write as a string or a number.
type name string

// UnmarshalJSON implements json.Unmarshaler.
func (n *name) UnmarshalJSON(b []byte) error {
	var number json.Number
	if len(b) > 0 && b[0] != '"' {
		err := json.Unmarshal(b, &number)
		*n = name(number)
		return err
	}
	var text string
	err := json.Unmarshal(b, &text)
	*n = name(text)
	return err
}
