package edge

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/meridian-video/meridian/edge/sfu"
	"github.com/meridian-video/meridian/edge/sfu/loudness"
)

const topicSpeaking = "edge/speaking"

// maxVoices bounds what one node says of a room: the loudest of a crowd that
// speaks at once are more than anybody can follow.
const maxVoices = 64

// maxName bounds the ids in a message, in bytes.
const maxName = 256

// voicesMessage tells the other nodes of a room which microphones of this node
// speak. Each message replaces the one before.
type voicesMessage struct {
	V       int     `json:"v"`
	Company string  `json:"company"`
	Room    string  `json:"room"`
	Voices  []voice `json:"voices"`
}

// voice is a microphone that has a place, or whose speaker is dominant. What
// every node needs for the same decision is in it.
type voice struct {
	Peer      string `json:"peer"`
	Track     string `json:"track"`
	Level     uint8  `json:"level"` // of the speech, -dBov
	Active    bool   `json:"active"`
	Speaking  bool   `json:"speaking"`
	Immediate uint8  `json:"immediate"`
	Medium    uint8  `json:"medium"`
	Long      uint8  `json:"long"`
	Dominant  bool   `json:"dominant"` // has been until now, says its node
}

func (v *voice) activity() loudness.Activity {
	return loudness.Activity{Immediate: v.Immediate, Medium: v.Medium, Long: v.Long}
}

// same says whether others need not hear of a change at once.
func (v voice) same(w voice) bool {
	return v.Track == w.Track && v.Peer == w.Peer && v.Active == w.Active && v.Speaking == w.Speaking && v.Dominant == w.Dominant
}

// bounded sorts voices by track and leaves the dominant one and the loudest.
func bounded(voices []voice) []voice {
	if len(voices) > maxVoices {
		slices.SortFunc(voices, func(a, b voice) int {
			switch {
			case a.Dominant:
				return -1
			case b.Dominant:
				return 1
			}
			return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(a.Track, b.Track))
		})
		voices = voices[:maxVoices]
	}
	slices.SortFunc(voices, func(a, b voice) int { return cmp.Compare(a.Track, b.Track) })
	return voices
}

// parseVoices reads another node's message; anything odd makes it void.
func parseVoices(body []byte) (m voicesMessage, ok bool) {
	if json.Unmarshal(body, &m) != nil || m.V != 2 || len(m.Voices) > maxVoices {
		return voicesMessage{}, false
	}
	for _, v := range m.Voices {
		odd := v.Peer == "" || len(v.Peer) > maxName || len(v.Track) > maxName || kindOf(v.Track) != sfu.Audio || v.Level > loudness.Silence
		if odd {
			return voicesMessage{}, false
		}
	}
	return m, true
}
