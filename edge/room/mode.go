package room

import "slices"

// Mode is how a person takes part. It is an axis of its own beside the role.
type Mode string

// The modes, from the one that may least.
const (
	ViewerMode   Mode = "viewer"   // sees and hears, and publishes nothing
	ObserverMode Mode = "observer" // is heard too, and has no camera and no tile
	SpeakerMode  Mode = "speaker"
)

var modes = []Mode{ViewerMode, ObserverMode, SpeakerMode}

func (m Mode) valid() bool { return slices.Contains(modes, m) }

// below reports whether a mode may less than another.
func (m Mode) below(o Mode) bool { return slices.Index(modes, m) < slices.Index(modes, o) }

// MuteMode is who has the microphone off in a room.
type MuteMode string

// The mute modes.
const (
	Free    MuteMode = "free"
	Quiet   MuteMode = "quiet"   // who joins starts muted and may unmute
	Lecture MuteMode = "lecture" // nobody but moderators can unmute
)

func (m MuteMode) valid() bool { return m == Free || m == Quiet || m == Lecture }

// Audience is who may do something in a room.
type Audience string

// The audiences, each with the next ones.
const (
	Everybody  Audience = "all"      // viewers too
	Speakers   Audience = "speakers" // all but viewers
	Moderators Audience = "moderators"
	Nobody     Audience = "nobody"
)

func (a Audience) valid() bool {
	return a == Everybody || a == Speakers || a == Moderators || a == Nobody
}

func (a Audience) includes(p Person) bool {
	switch a {
	case Everybody:
		return true
	case Speakers:
		return p.Mode != ViewerMode || p.Role == Moderator
	case Moderators:
		return p.Role == Moderator
	}
	return false
}

// Source is a kind of media that a person switches on and off.
type Source string

// The sources.
const (
	Mic    Source = "mic"
	Camera Source = "camera"
	Share  Source = "share" // picture and sound
)

func (s Source) valid() bool { return s == Mic || s == Camera || s == Share }

// media is the source alone.
func (s Source) media() Media {
	return Media{Mic: s == Mic, Camera: s == Camera, Share: s == Share, ShareAudio: s == Share}
}

// and is what is on in both.
func (m Media) and(o Media) Media {
	return Media{m.Mic && o.Mic, m.Camera && o.Camera, m.Share && o.Share, m.ShareAudio && o.ShareAudio}
}

// not is what is off.
func (m Media) not() Media { return Media{!m.Mic, !m.Camera, !m.Share, !m.ShareAudio} }

// carries reports whether a track of a kind belongs to what is on. A microphone
// that is off stays published, so that whoever unmutes is heard at once.
func (m Media) carries(kind string) bool {
	switch kind {
	case "camera", "camera2":
		return m.Camera
	case "share":
		return m.Share
	case "share_audio":
		return m.ShareAudio
	}
	return true
}
