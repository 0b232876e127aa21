package gcore

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/meridian-video/meridian/edge/room"
)

// The bodies of answers, by the partner's names.
type (
	durationAnswer struct {
		Room     string `json:"roomId"`
		Duration int64  `json:"duration"` // s
	}
	numberAnswer struct {
		Room  string `json:"roomId"`
		Peers int    `json:"numberPeers"`
	}
	roomAnswer struct {
		Room   string `json:"roomId"`
		Exists bool   `json:"exists"`
	}
	peerAnswer struct {
		Room   string `json:"roomId"`
		Peer   string `json:"peerId"`
		Exists bool   `json:"exists"`
	}
	closedAnswer struct {
		Room   string `json:"roomId"`
		Peer   string `json:"peerId,omitempty"`
		Closed bool   `json:"closed"`
	}
	recordingAnswer struct {
		Room      string  `json:"roomId"`
		State     string  `json:"state"`
		Recording *string `json:"recordingId"`
	}
)

func ok(body any) answer { return answer{http.StatusOK, body} }

// ask is a question about the room, with the peer that it may be about.
func (s *Server) ask(ctx context.Context, q question) (room.Brief, error) {
	return s.Rooms.Brief(ctx, q.company, q.room, q.peer)
}

// duration is how long the room's session has lasted, in whole seconds.
func (s *Server) duration(ctx context.Context, q question) (answer, error) {
	b, err := s.ask(ctx, q)
	return ok(durationAnswer{q.room, max(0, int64(s.Now().Sub(b.Opened)/time.Second))}), err
}

func (s *Server) number(ctx context.Context, q question) (answer, error) {
	b, err := s.ask(ctx, q)
	return ok(numberAnswer{q.room, b.People}), err
}

func (s *Server) exists(ctx context.Context, q question) (answer, error) {
	_, err := s.ask(ctx, q)
	if err != nil && statusOf(err) != http.StatusBadRequest {
		return answer{}, err
	}
	return ok(roomAnswer{q.room, err == nil}), nil
}

func (s *Server) existingPeer(ctx context.Context, q question) (answer, error) {
	if q.peer == "" {
		return answer{}, errNoPeer
	}
	b, err := s.ask(ctx, q)
	return ok(peerAnswer{q.room, q.peer, b.Peer}), err
}

var errNoPeer = fmt.Errorf("%w: peerId is missing", errQuestion)

func (s *Server) closePeer(ctx context.Context, q question) (answer, error) {
	if q.peer == "" {
		return answer{}, errNoPeer
	}
	err := s.Rooms.Order(ctx, q.company, q.room, room.Act{Verb: "kick", Peer: q.peer})
	return ok(closedAnswer{q.room, q.peer, true}), err
}

func (s *Server) closeRoom(ctx context.Context, q question) (answer, error) {
	err := s.Rooms.Order(ctx, q.company, q.room, room.Act{Verb: "end"})
	return ok(closedAnswer{Room: q.room, Closed: true}), err
}

// notAvailable is the state of all recordings until rooms can be recorded.
const notAvailable = "not_available"

// recording says of a room that is live that nothing of it is recorded.
func (s *Server) recording(ctx context.Context, q question) (answer, error) {
	_, err := s.ask(ctx, q)
	return ok(recordingAnswer{Room: q.room, State: notAvailable}), err
}

// record refuses to begin or end one.
func (s *Server) record(ctx context.Context, q question) (answer, error) {
	_, err := s.ask(ctx, q)
	return answer{http.StatusConflict, recordingAnswer{Room: q.room, State: notAvailable}}, err
}
