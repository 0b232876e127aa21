package relay

import (
	"errors"
	"fmt"

	"github.com/quic-go/quic-go"

	"github.com/meridian-video/meridian/relay/wire"
)

var (
	// ErrClosed is returned when the Mesh has been closed.
	ErrClosed = errors.New("relay is closed")
	// ErrNotMember is returned when the peer is not a member of the network, or is this
	// node itself.
	ErrNotMember = errors.New("not a member of the network")
	// ErrLinkDown is returned when there is no link to the peer and none could be made,
	// and is the cause given when a link is lost.
	ErrLinkDown = errors.New("link down")
	// ErrSilent is the cause given when a peer stopped answering probes.
	ErrSilent = errors.New("peer is silent")
	// ErrIncompatible is returned when the peer speaks no version of the relay protocol
	// that this node speaks.
	ErrIncompatible = errors.New("incompatible relay version")
	// ErrIdentity is returned when the certificate of the peer is not that of the node
	// which was dialled.
	ErrIdentity = errors.New("peer has another identity")
	// ErrQueueFull is returned when a peer takes messages more slowly than they are sent.
	ErrQueueFull = errors.New("message queue of the link is full")
	// ErrTooLarge is returned when a topic, a name or a body is over its limit.
	ErrTooLarge = wire.ErrTooLarge
	// ErrNoTrack is returned when the node has no such track; Tracks.Attach returns it.
	ErrNoTrack = errors.New("no such track")
	// ErrLoop is returned when a subscription comes back to a node already on its path.
	ErrLoop = errors.New("subscription path has a loop")
	// ErrTooManyHops is returned when a path is longer than MaxHops.
	ErrTooManyHops = errors.New("subscription path has too many hops")
	// ErrBusy is returned when the peer is at one of its bounds.
	ErrBusy = errors.New("peer is busy")
	// ErrTrackEnded is the cause given when the serving node ended a subscription.
	ErrTrackEnded = errors.New("track ended")
	// ErrReplaced is the cause given when the peer set up the link anew.
	ErrReplaced = errors.New("link replaced by the peer")
	// errDuplicate is returned when both ends dialled and the other end's dial won.
	errDuplicate = errors.New("the peer's own dial wins")
)

// RemoteError is the error with which the layer above at the peer answered a call.
type RemoteError struct {
	Code    string // of that layer; may be empty
	Message string
}

func (e *RemoteError) Error() string {
	if e.Code == "" {
		return "remote: " + e.Message
	}
	return fmt.Sprintf("remote: %s (%s)", e.Message, e.Code)
}

// Application error codes with which a connection is closed (RFC 9000 section 20.2).
const (
	closeShutdown  quic.ApplicationErrorCode = 0x00 // the node goes away
	closeVersion   quic.ApplicationErrorCode = 0x01 // no common version
	closeDuplicate quic.ApplicationErrorCode = 0x02 // the other end's dial wins
	closeReplaced  quic.ApplicationErrorCode = 0x03 // a newer connection took over
	closeSilent    quic.ApplicationErrorCode = 0x04 // probes unanswered
	closeProtocol  quic.ApplicationErrorCode = 0x05 // malformed or unexpected frame
	closeRefused   quic.ApplicationErrorCode = 0x06 // not a member, wrong session, too many
	closeIdle      quic.ApplicationErrorCode = 0x07 // a media connection no longer needed
)

// Stream error codes.
const (
	streamDone  quic.StreamErrorCode = 0x00 // nobody wants the rest
	streamStale quic.StreamErrorCode = 0x01 // media too old to be of use
	streamBad   quic.StreamErrorCode = 0x02 // malformed
)

// closeCode is the code a link closed for cause tells its peer.
func closeCode(cause error) quic.ApplicationErrorCode {
	switch {
	case errors.Is(cause, ErrClosed):
		return closeShutdown
	case errors.Is(cause, ErrReplaced):
		return closeReplaced
	case errors.Is(cause, ErrSilent):
		return closeSilent
	case errors.Is(cause, wire.ErrMalformed), errors.Is(cause, wire.ErrTooLarge):
		return closeProtocol
	default:
		return closeShutdown
	}
}

// connError gives an error of QUIC the meaning it has here.
func connError(err error) error {
	var app *quic.ApplicationError
	if !errors.As(err, &app) || !app.Remote {
		return err
	}
	switch app.ErrorCode {
	case closeVersion:
		return fmt.Errorf("%w: %s", ErrIncompatible, app.ErrorMessage)
	case closeDuplicate:
		return errDuplicate
	case closeReplaced:
		return ErrReplaced
	case closeRefused:
		return fmt.Errorf("%w: refused by the peer: %s", ErrNotMember, app.ErrorMessage)
	default:
		return err
	}
}

// refusal is the frame that tells the other end about err.
func refusal(err error) wire.Refused {
	var remote *RemoteError
	switch {
	case errors.Is(err, ErrNoTrack):
		return wire.Refused{Code: wire.CodeNoTrack, Text: err.Error()}
	case errors.Is(err, ErrLoop):
		return wire.Refused{Code: wire.CodeLoop, Text: err.Error()}
	case errors.Is(err, ErrTooManyHops):
		return wire.Refused{Code: wire.CodeTooManyHops, Text: err.Error()}
	case errors.Is(err, ErrBusy):
		return wire.Refused{Code: wire.CodeBusy, Text: err.Error()}
	case errors.Is(err, ErrTrackEnded):
		return wire.Refused{Code: wire.CodeEnded, Text: err.Error()}
	case errors.As(err, &remote): // after the others, which a transit node passes on
		return wire.Refused{Code: wire.CodeRemote, Name: remote.Code, Text: remote.Message}
	default:
		return wire.Refused{Code: wire.CodeInternal, Text: err.Error()}
	}
}

// refusalError is the error a received refusal stands for.
func refusalError(r wire.Refused) error {
	sentinel := map[wire.Code]error{
		wire.CodeNoTrack: ErrNoTrack, wire.CodeLoop: ErrLoop, wire.CodeTooManyHops: ErrTooManyHops,
		wire.CodeBusy: ErrBusy, wire.CodeEnded: ErrTrackEnded,
	}[r.Code]
	remote := &RemoteError{Code: r.Name, Message: r.Text}
	if sentinel == nil {
		return remote
	}
	return errors.Join(sentinel, remote)
}
