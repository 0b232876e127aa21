package edge

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/meridian-video/meridian/control/entry"
	"github.com/meridian-video/meridian/edge/room"
	"github.com/meridian-video/meridian/edge/rtc"
	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/edge/tracks"
	"github.com/meridian-video/meridian/geo"
)

// lostGrace is how long a participant whose socket is gone keeps the place
// (limit L-19) while their media may still flow.
const lostGrace = 30 * time.Second

// awayGrace is the same for who closed the page or loads it anew: a page cannot
// tell which, and a slow phone loads it in five seconds.
const awayGrace = 8 * time.Second

// attachment is one participant's connection to this node: the seat in the
// room, the transport, the slots and the outbox of the client, held together.
// It implements signal.Session for the client and room.Observer for the room.
type attachment struct {
	node      *Node
	id        string
	key       roomKey
	trace     string
	log       *slog.Logger
	out       *line // nil for WHIP, which hears nothing
	transport *rtc.Transport
	join      room.Join // what the room is asked beside the admission
	seat      *room.Seat
	proof     room.Proof        // that let the participant in
	bearer    *bearer           // nil: there is none
	peer      string            // the room's owner's, from Own on
	up        map[string]rtc.Up // by track kind
	slots     *slots
	ear       *ear // nil: the client says what its audio slots play
	roster    roster
	lobby     lobby // as a moderator sees it
	ceiling   ceiling

	provisional bool        // let in while control was away
	offered     atomic.Bool // the microphone was on once, so its track stays listed
	said        atomic.Bool // the client said that it is going, perhaps to come back
	unpublish   []func()

	leaving atomic.Bool // was asked to go on at another node
	moved   atomic.Bool // has done so

	mic     *microphone         // nil: none; the listener's, as is greeted
	greeted int32               // sockets that were told who speaks
	watched map[string]*watched // by kind of video; Node.adapt's
	grades  grades              // Node.adapt's
	adapted int32               // sockets that were told what Node.adapt says; its own

	statistics atomic.Pointer[statistics] // of the last second

	mu    sync.Mutex
	own   room.Person   // what holds of the participant
	media signal.Media  // on, as the room lets it be
	wish  *signal.Media // what the client asked for, until the room has answered
	ended bool
	lost  *time.Timer
}

// trackID names a track that is published here.
func (a *attachment) trackID(kind string) string {
	return trackID(a.id, a.up[kind].Track.Codec(), kind)
}

// publish files the up tracks under their ids, before anyone can hear of them.
func (a *attachment) publish() {
	for kind, up := range a.up {
		k := tracks.Key{Company: a.key.Company, Room: a.key.Room, Track: a.trackID(kind)}
		a.unpublish = append(a.unpublish, a.node.tracks.Publish(k, up.Track))
	}
}

// published lists the tracks that others may want. A microphone that was on
// once stays: whoever unmutes must be heard from the first syllable.
func (a *attachment) published(m signal.Media) map[string]string {
	if m.Mic {
		a.offered.Store(true)
	}
	on := a.sends(m)
	on[trackMic] = a.offered.Load()
	out := map[string]string{}
	for kind := range a.up {
		if on[kind] {
			out[kind] = a.trackID(kind)
		}
	}
	return out
}

// sends says which kinds of track the client sends with that switched on.
func (a *attachment) sends(m signal.Media) map[string]bool {
	return map[string]bool{
		trackMic: m.Mic, trackCamera: m.Camera, trackShare: m.Share, trackShareAudio: m.ShareAudio,
		trackCamera2: m.Camera && a.doubles(),
	}
}

// doubles reports whether the camera's second encoding serves clients that the
// first does not.
func (a *attachment) doubles() bool {
	first, ok := a.up[trackCamera]
	second, also := a.up[trackCamera2]
	return ok && also && first.Track.Codec() != second.Track.Codec()
}

// Own implements room.Observer: what holds of this participant from now on.
func (a *attachment) Own(p room.Person) {
	media := signal.Media(p.Media)
	a.mu.Lock()
	a.own, a.media = p, media
	denied := a.wish != nil && *a.wish != media
	a.wish = nil
	a.mu.Unlock()
	a.peer = p.PeerID
	a.gate(media)
	if a.out == nil {
		return
	}
	a.lobby.moderate(p.Role == room.Moderator)
	if denied {
		a.out.Send(signal.Fault{Type: string(signal.Failed), Code: signal.NotAllowed, Message: "media: the meeting does not let you switch that on now."})
	}
}

// self is the participant as the room has them.
func (a *attachment) self() room.Person {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.own
}

// reader is the participant as one who is told of others. The room has told of a
// new role by then.
func (a *attachment) reader() reader {
	p := a.self()
	return reader{p.PeerID, p.Role == room.Moderator}
}

// Update implements room.Observer.
func (a *attachment) Update(version uint64, events []room.Event) {
	a.ceiling.follow(events, a.bound)
	if a.out == nil {
		return // nobody hears or sees it
	}
	a.lobby.update(events)
	if events := a.node.events(a.reader(), events); len(events) > 0 {
		a.out.Send(signal.Update{Type: "update", Version: version, Events: events})
	}
	if a.roster.update(events) {
		a.follow()
	}
}

// Reset implements room.Observer.
func (a *attachment) Reset(s room.Snapshot) {
	a.ceiling.set(s.Rules.Bitrate.Value, a.bound)
	if a.out == nil {
		return
	}
	a.out.Send(signal.Reset{Type: "reset", Version: s.Version, People: a.node.people(a.reader(), with(s.People, a.self())), Viewers: s.Viewers, Chat: signalChat(s.Chat), Rules: signalRules(s.Rules)})
	a.lobby.reset(s)
	if a.roster.reset(s) {
		a.follow()
	}
}

// follow takes tracks that are gone out of the slots, and into the ear's what
// has come.
func (a *attachment) follow() {
	if heirs := a.roster.passed(); heirs != nil {
		a.slots.inherit(heirs, a.liveTracks)
	}
	a.slots.keep(a.liveTracks)
	if a.ear != nil {
		a.ear.update()
	}
}

// Ended implements room.Observer: the room says that this attachment is over.
func (a *attachment) Ended(reason room.Reason, by string) {
	e := endedError(reason)
	e.By = by
	if reason == room.Superseded && a.leaving.Load() {
		a.linger(e)
		return
	}
	a.finish(e)
}

// liveTracks says for each track of the others which node it is on.
func (a *attachment) liveTracks() map[string]geo.NodeID { return a.roster.live(a.id) }

// Subscribe implements signal.Session.
func (a *attachment) Subscribe(want signal.Assignment) []signal.FailedTrack {
	if a.ear != nil {
		want.Audio = nil
	}
	return a.slots.assign(want, a.liveTracks)
}

// SetViews implements signal.Session.
func (a *attachment) SetViews(views []*signal.View) {
	pinned := a.slots.setViews(views)
	if a.ear != nil {
		a.ear.pin(microphonesOf(pinned, a.roster.others(a.id)))
	}
}

// SetMedia implements signal.Session.
func (a *attachment) SetMedia(m signal.Media) {
	a.mu.Lock()
	a.wish = &m
	a.mu.Unlock()
	a.seat.SetMedia(room.Media(m), a.published(m))
}

// Rename implements signal.Session.
func (a *attachment) Rename(name string) error {
	clean := entry.CleanName(name)
	if clean == "" {
		return &signal.Error{Kind: signal.Failed, Code: signal.BadMessage, Message: "name: is empty"}
	}
	if err := a.seat.Rename(clean); err != nil {
		return &signal.Error{Kind: signal.Failed, Code: signal.BadMessage, Message: "name: " + room.ErrInvalid.Error(), Cause: err}
	}
	return nil
}

// Chat implements signal.Session.
func (a *attachment) Chat(ctx context.Context, id, text string) (uint64, error) {
	seq, err := a.seat.Chat(ctx, id, text)
	if err != nil {
		return 0, chatError(err)
	}
	return seq, nil
}

// Act implements signal.Session.
func (a *attachment) Act(ctx context.Context, act signal.Act) error {
	if err := a.seat.Act(ctx, room.Act{Verb: room.Verb(act.Verb), Peer: act.Peer, Value: act.Value}); err != nil {
		return actError(err)
	}
	a.log.Info("acted", "peer", a.seat.Peer(), "verb", act.Verb, "about", act.Peer)
	return nil
}

// Offer implements signal.Session: an ICE restart or more slots.
func (a *attachment) Offer(ctx context.Context, offer string, _ signal.Up) (string, signal.SlotMIDs, error) {
	answer, err := a.transport.Restart(ctx, offer)
	if err != nil {
		return "", signal.SlotMIDs{}, offerError(err)
	}
	a.slots.grow(a.transport.Downs())
	if a.ear != nil {
		a.ear.update()
	}
	return answer, a.slots.mids(), nil
}

// People implements signal.Session.
func (a *attachment) People(q signal.Lookup) (signal.Page, error) {
	page, err := a.seat.Viewers(room.Lookup{After: q.After, Match: q.Match, Limit: q.Limit})
	if err != nil {
		return signal.Page{}, actError(err)
	}
	return signal.Page{People: a.node.people(a.reader(), page.People), Next: page.Next, Total: page.Total}, nil
}

// Leave implements signal.Session. It counts also after the attachment was taken
// down, because its media ended first: nobody has to wait for who has left.
func (a *attachment) Leave() {
	a.finish(nil)
	a.seat.Leave(room.Left)
}

// Lost implements signal.Session: the socket is gone. The place is kept for
// lostGrace, in which the participant may come back here or elsewhere.
func (a *attachment) Lost() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ended || a.lost != nil {
		return
	}
	a.lost = time.AfterFunc(lostGrace, func() { a.end(nil, room.Lost) })
}

// Away implements signal.Session: the client is gone with its media. The place
// is kept for awayGrace, and others see that.
func (a *attachment) Away() {
	a.said.Store(true)
	a.part(nil)
}

// watch ends the attachment when its transport does.
func (a *attachment) watch() {
	<-a.transport.Done()
	cause := a.transport.Cause()
	a.log.Info("transport over", "cause", cause)
	over := &signal.Error{Kind: signal.Ended, Code: signal.TransportFailed, Message: "The media connection was lost.", Cause: cause}
	switch {
	case a.out != nil:
		// A browser that closes a page ends its media before the word of it is here.
		a.part(over)
	case errors.Is(cause, rtc.ErrClientClosed): // and nobody to come back, nor to say so
		a.end(over, room.Left)
	default:
		a.end(over, room.Lost)
	}
}

// part takes the attachment down and keeps the participant's place for a moment.
func (a *attachment) part(e *signal.Error) {
	if !a.finish(e) {
		return
	}
	a.seat.Away()
	time.AfterFunc(awayGrace, func() { a.seat.Leave(a.parting()) })
}

// parting is why who was taken down, and did not come back, is gone.
func (a *attachment) parting() room.Reason {
	if a.said.Load() {
		return room.Left
	}
	return room.Lost
}

// end leaves the room for a reason and tells the client why, if anything.
func (a *attachment) end(e *signal.Error, reason room.Reason) {
	if a.finish(e) {
		a.seat.Leave(reason)
	}
}

// errEnded is the cause given to the transport of an attachment that is over.
var errEnded = errors.New("attachment ended")

// finish takes everything of the attachment down once; it says whether it was
// this call that did. It may run on the room's owner, so it waits for nobody.
func (a *attachment) finish(e *signal.Error) bool {
	a.mu.Lock()
	if a.ended {
		a.mu.Unlock()
		return false
	}
	a.ended = true
	if a.lost != nil {
		a.lost.Stop()
	}
	a.mu.Unlock()
	if a.out != nil && e != nil {
		a.out.End(e)
	}
	a.node.remove(a)
	a.free(errEnded)
	return true
}

// free lets go of what an attachment holds besides its seat.
func (a *attachment) free(cause error) {
	a.slots.close()
	for _, f := range a.unpublish {
		f()
	}
	a.transport.Close(cause)
}

// listen reads the microphone; it says whether there is one.
func (a *attachment) listen(now time.Duration) (voice, bool) {
	if a.mic == nil {
		return voice{}, false
	}
	a.mu.Lock()
	on := a.media.Mic
	a.mu.Unlock()
	return a.mic.voice(a.mic.read(on, now)), true
}

func (a *attachment) tellSpeaking(s shown) {
	if a.out == nil {
		return
	}
	peers := slices.Clone(s.peers)
	if peers == nil {
		peers = []string{}
	}
	a.out.Send(signal.Speaking{Type: "speaking", Peers: peers, Dominant: s.dominant})
}

func (a *attachment) tellLayers(video []*signal.SlotLayer) {
	a.out.Send(signal.Layers{Type: "layers", Video: video})
}

func (a *attachment) tellHeard(audio []*string) {
	a.out.Send(signal.Heard{Type: "heard", Audio: audio})
}

// hearLoudest leaves the audio slots to an ear.
func (a *attachment) hearLoudest() {
	a.ear = &ear{
		key: a.key, slots: a.slots, loudest: a.node.speakers.loudest, tell: a.tellHeard,
		people: func() []room.Person { return a.roster.others(a.id) },
	}
}

// add files an attachment, unless the room has ended it already.
func (n *Node) add(a *attachment) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ended {
		return
	}
	n.mu.Lock()
	n.attached[a] = true
	n.mu.Unlock()
	a.bearer = n.bearers.add(&bearer{
		company: a.key.Company, proof: a.proof, provisional: a.provisional,
		end: func(why *signal.Error) { a.end(why, room.Kicked) },
	})
	if a.ear != nil {
		n.ears.add(a.ear)
	}
}

func (n *Node) remove(a *attachment) {
	n.mu.Lock()
	delete(n.attached, a)
	n.mu.Unlock()
	n.bearers.remove(a.bearer)
	if a.ear != nil {
		n.ears.remove(a.ear)
	}
}

func (n *Node) attachmentList() []*attachment {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Collect(maps.Keys(n.attached))
}

// inRoom says whether anyone of the room is attached here.
func (n *Node) inRoom(k roomKey) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for a := range n.attached {
		if a.key == k {
			return true
		}
	}
	return false
}
