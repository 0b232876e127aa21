package browser

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
		Speaking                 bool
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
	Slots      struct{ Video, Audio []SlotState }
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
