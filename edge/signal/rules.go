package signal

import (
	"encoding/json"
	"time"
)

// Rules are what holds for everybody in a room.
type Rules struct {
	Locked   bool   `json:"locked"`
	Lobby    bool   `json:"lobby"`
	MuteMode string `json:"mute_mode"` // free, quiet or lecture
	Share    string `json:"share"`     // all, speakers, moderators or nobody
	Chat     string `json:"chat"`      // as share
	Hands    string `json:"hands"`     // as share
	Bitrate  int    `json:"bitrate"`   // bit/s of video of each participant; 0: no bound
	Stage    Stage  `json:"stage"`
	Player   string `json:"player,omitempty"` // https URL of what is watched together
}

// Stage is the view of a moderator that is everybody's while it is on.
type Stage struct {
	On     bool   `json:"on"`
	Layout string `json:"layout,omitempty"`
	Pinned string `json:"pinned,omitempty"`
	View   string `json:"view,omitempty"`
	By     string `json:"by,omitempty"` // peer id of who set it
}

// Act is what a participant asks of the room.
type Act struct {
	Verb  string
	Peer  string
	Value json.RawMessage
}

// Guest is somebody who waits in the lobby.
type Guest struct {
	Peer  string    `json:"peer_id"`
	Name  string    `json:"name"`
	Photo string    `json:"photo,omitempty"` // as in Person
	Since time.Time `json:"since"`
}

// Lobby tells a moderator who waits, the first to come first; it replaces what
// was told before.
type Lobby struct {
	Type    string  `json:"type"`
	Waiting []Guest `json:"waiting"`
}

// Checking tells who joins that the company's own server is asked about them.
type Checking struct {
	Type   string `json:"type"`
	PingMS int    `json:"ping_ms"`
}

// Waiting tells who joins that a moderator must admit them.
type Waiting struct {
	Type   string `json:"type"`
	PingMS int    `json:"ping_ms"`
}
