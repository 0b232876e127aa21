package browser

import "fmt"

// State is the page's diagnosis object, as far as journeys look at it; it is
// described in edge/web/DESIGN.md.
type State struct {
	Phase        string
	Code         string
	PeerID       string
	Node         string
	POP          string
	Home         string
	Negotiations int
	Attachments  int
	RTT          float64
	People       []struct {
		PeerID, Name, POP, State string
		Role, Mode               string
		Hand                     string // when it was raised; empty while it is down
		Speaking                 bool
		Media                    struct{ Mic, Camera, Share bool }
	}
	Kind    string // webinar, or empty
	Viewers int    // of a webinar
	Rules   struct {
		Locked, Lobby bool
		Chat          string
		Bitrate       int
	}
	Player string // address of what is watched together; empty: nothing
	Stage  struct {
		Layout                        string
		Large, Pinned, Spotlight      string // person:<id>, share:<id> or player
		Presented, Follows            bool
		Presenter                     string // peer id
		Small, VideoFirst, FullScreen bool
		Pip                           bool // the small window is open
		More                          int  // people for whom there is no tile
	}
	Lang string
	Door struct {
		Asked, Pin bool   // a password is wanted; a moderator's PIN may be typed
		Answer     string // to what was typed last
	}
	Hearing struct {
		Volume   float64 // 0 to 100
		Muted    bool
		Elements []struct { // that play
			Volume float64 // 0 to 1
			Muted  bool
		}
	}
	Chat []struct {
		Seq                int
		PeerID, Name, Text string
	}
	Tiles []struct {
		Key                     string
		VideoWidth, VideoHeight int
		Frames                  float64
	}
	Effort     struct{ Level int }
	Slots      struct{ Video, Audio []SlotState }
	Codec      string
	Sending    []Encoding
	Connection struct {
		Up, Down, LossUp, LossDown, RTT float64
		Path, Protocol, ICE             string
	}
	Timings struct{ Joined, Connected, FirstRemoteFrame float64 }
}

// SlotState is one receive slot.
type SlotState struct {
	MID, Track      string
	Frames          float64
	Width, Height   float64
	Packets, Energy float64
	Layer           *Layer // what the node said last; video only
}

// Layer is what the node forwards into a slot, or why it does not.
type Layer struct {
	State, Reason     string
	Spatial, Temporal int
	Layers            int
	Bitrate           float64
}

// Encoding is one that the page sends.
type Encoding struct {
	Source, RID, Codec string
	Active             bool
	Width, Height      float64
	Bitrate            float64
	Limit              string
}

// Decoding counts the video slots that have decoded at least n frames.
func (s State) Decoding(n float64) int {
	count := 0
	for _, v := range s.Slots.Video {
		if v.Track != "" && v.Frames >= n {
			count++
		}
	}
	return count
}

// Picture is the first video slot that has a track.
func (s State) Picture() (SlotState, bool) {
	for _, v := range s.Slots.Video {
		if v.Track != "" {
			return v, true
		}
	}
	return SlotState{}, false
}

// Camera lists the encodings of the camera that flow, of how many.
func (s State) Camera() (flowing []Encoding, of int) {
	for _, e := range s.Sending {
		if e.Source != "camera" {
			continue
		}
		of++
		if e.Bitrate > 0 {
			flowing = append(flowing, e)
		}
	}
	return flowing, of
}

// String is for messages of failed tests.
func (l *Layer) String() string {
	if l == nil {
		return "unknown"
	}
	return fmt.Sprintf("%s %s, spatial %d of %d, temporal %d", l.State, l.Reason, l.Spatial, l.Layers, l.Temporal)
}

// heard is the energy of all sound that was played.
func (s State) heard() (sum float64) {
	for _, a := range s.Slots.Audio {
		sum += a.Energy
	}
	return sum
}

// cameraOf reports whether somebody has their camera on.
func (s State) cameraOf(name string) bool {
	for _, p := range s.People {
		if p.Name == name {
			return p.Media.Camera
		}
	}
	return false
}

// decodes asks that so many video slots have decoded ten frames.
func decodes(n int) func(State) error {
	return func(s State) error {
		if have := s.Decoding(10); have != n {
			return fmt.Errorf("%d decode", have)
		}
		return nil
	}
}

// sendsIn asks that the camera flows in a codec.
func sendsIn(codec string) func(State) error {
	return func(s State) error {
		flowing, _ := s.Camera()
		for _, e := range flowing {
			if e.Codec == codec {
				return nil
			}
		}
		return fmt.Errorf("sends %v", flowing)
	}
}
