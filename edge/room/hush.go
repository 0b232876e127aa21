package room

import (
	"maps"
)

// Hushed is when each source of a person was last switched off by somebody
// else. What the person's node says of their media, it says knowing some Hushed:
// that does not switch on again what was hushed since.
type Hushed struct {
	Mic    Stamp `json:"mic,omitzero"`
	Camera Stamp `json:"camera,omitzero"`
	Share  Stamp `json:"share,omitzero"`
}

func (h Hushed) valid() bool { return h.Mic.valid() && h.Camera.valid() && h.Share.valid() }

// with is h after a hush, which is later than each one before.
func (h Hushed) with(off Media, at Stamp) Hushed {
	add := func(is bool, s *Stamp) {
		if is {
			*s = latest(s.next(), at)
		}
	}
	add(off.Mic, &h.Mic)
	add(off.Camera, &h.Camera)
	add(off.Share || off.ShareAudio, &h.Share)
	return h
}

// join is the later of both, source by source.
func (h Hushed) join(o Hushed) Hushed {
	return Hushed{latest(h.Mic, o.Mic), latest(h.Camera, o.Camera), latest(h.Share, o.Share)}
}

// since is what was hushed after what o knows.
func (h Hushed) since(o Hushed) Media {
	share := h.Share.After(o.Share)
	return Media{h.Mic.After(o.Mic), h.Camera.After(o.Camera), share, share}
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
func (p Person) hushed(off Media, at Stamp) Person {
	p.Hushed = p.Hushed.with(off, at)
	return p.showing(p.Media.and(off.not()))
}

// kept is the person without what they may not have on, hushed if there was any.
func (p Person) kept(may Media, at Stamp) Person {
	if off := p.Media.and(may.not()); off != (Media{}) {
		p = p.hushed(off, at)
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
