package room

import (
	"maps"
)

// Hush is when a source of a person was switched off, and by whom: a peer id, empty
// where nobody did but a configured rule or the other half of a room.
type Hush struct {
	Stamp
	By string `json:"by,omitempty"`
}

func (h Hush) valid() bool { return h.Stamp.valid() && okID(h.By) }

// Hushed is how each source of a person was last switched off by somebody
// else. What the person's node says of their media, it says knowing some Hushed:
// that does not switch on again what was hushed since.
type Hushed struct {
	Mic    Hush `json:"mic,omitzero"`
	Camera Hush `json:"camera,omitzero"`
	Share  Hush `json:"share,omitzero"`
}

func (h Hushed) valid() bool { return h.Mic.valid() && h.Camera.valid() && h.Share.valid() }

// with is h after a hush, which is later than each one before.
func (h Hushed) with(off Media, by Hush) Hushed {
	add := func(is bool, s *Hush) {
		if is {
			*s = Hush{latest(s.next(), by.Stamp), by.By}
		}
	}
	add(off.Mic, &h.Mic)
	add(off.Camera, &h.Camera)
	add(off.Share || off.ShareAudio, &h.Share)
	return h
}

// join is the later of both, source by source.
func (h Hushed) join(o Hushed) Hushed {
	return Hushed{h.Mic.later(o.Mic), h.Camera.later(o.Camera), h.Share.later(o.Share)}
}

// since is what was hushed after what o knows.
func (h Hushed) since(o Hushed) Media {
	share := h.Share.After(o.Share.Stamp)
	return Media{h.Mic.After(o.Mic.Stamp), h.Camera.After(o.Camera.Stamp), share, share}
}

func (h Hush) later(o Hush) Hush {
	if o.After(h.Stamp) {
		return o
	}
	return h
}

func latest(a, b Stamp) Stamp {
	if b.After(a) {
		return b
	}
	return a
}

// heeding is the person whose media was set knowing p.Hushed, after all that was
// hushed and as far as they may.
func (p Person) heeding(h Hushed, may Media) Person {
	on := p.Media.and(may).and(h.since(p.Hushed).not())
	p.Hushed = p.Hushed.join(h)
	return p.showing(on)
}

// hushed is the person with media switched off by somebody else.
func (p Person) hushed(off Media, by Hush) Person {
	p.Hushed = p.Hushed.with(off, by)
	return p.showing(p.Media.and(off.not()))
}

// kept is the person without what they may not have on, hushed if there was any.
func (p Person) kept(may Media, by Hush) Person {
	if off := p.Media.and(may.not()); off != (Media{}) {
		p = p.hushed(off, by)
	}
	return p.showing(p.Media)
}

// showing is the person with that media and the tracks that go with it.
func (p Person) showing(m Media) Person {
	p.Media = m
	gone := func(kind string, _ string) bool {
		return !m.carries(kind) || kind == "mic" && p.Mode == ViewerMode
	}
	for kind, id := range p.Tracks {
		if gone(kind, id) {
			p.Tracks = maps.Clone(p.Tracks) // values of Person are never written
			maps.DeleteFunc(p.Tracks, gone)
			break
		}
	}
	return p
}
