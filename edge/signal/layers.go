package signal

// SlotState says whether a video slot moves.
type SlotState string

// The states of a slot: packets of its track are forwarded; they are held back
// for a reason; the first picture after a switch is awaited; there is no track.
const (
	SlotLive    SlotState = "live"
	SlotPaused  SlotState = "paused"
	SlotWaiting SlotState = "waiting"
	SlotEmpty   SlotState = "empty"
)

// PauseReason says why a slot is paused, or live on a lower layer than its view
// asks for.
type PauseReason string

// The reasons: none; the way to the client is too narrow; nobody can see it;
// the client cannot decode it; its publisher sends nothing; its publisher sends
// nothing that is within the room's cap.
const (
	NoPause          PauseReason = ""
	PausedBandwidth  PauseReason = "bandwidth"
	PausedHidden     PauseReason = "hidden"
	PausedCodec      PauseReason = "codec"
	PausedByItsOwner PauseReason = "source"
	PausedByCap      PauseReason = "cap"
)

// SlotLayer is what one video slot gets.
type SlotLayer struct {
	State  SlotState   `json:"state"`
	Reason PauseReason `json:"reason"`
	// Spatial and Temporal are the layer that is forwarded, -1 for none.
	Spatial  int `json:"spatial"`
	Temporal int `json:"temporal"`
	// Layers is how many spatial layers the track has now, 0 while unknown.
	Layers int `json:"layers"`
	// Bitrate is of what is forwarded, in bit/s.
	Bitrate int `json:"bitrate"`
}

// Layers tells what each video slot gets, in slot order; nil is a slot without
// a track. It is sent when a state, a reason or a layer has changed.
type Layers struct {
	Type  string       `json:"type"`
	Video []*SlotLayer `json:"video"`
}

// Encode tells a client how much of its own video anyone watches. A video that
// is not named goes on as it is.
type Encode struct {
	Type string   `json:"type"`
	Up   EncodeUp `json:"up"`
}

// EncodeUp has an entry for each video of which something changed.
type EncodeUp struct {
	Camera  *Watched `json:"camera,omitempty"`
	Camera2 *Watched `json:"camera2,omitempty"`
	Share   *Watched `json:"share,omitempty"`
}

// Watched is how many simulcast encodings or spatial layers of a video, from
// the lowest on, somebody watches; with 0 nothing of it need be sent.
type Watched struct {
	Layers int `json:"layers"`
}

// Heard says which track each audio slot carries, for a client that joined with
// HearLoudest; nil is none.
type Heard struct {
	Type  string    `json:"type"`
	Audio []*string `json:"audio"`
}

// BitrateCap bounds what a client may send of video, all its videos together.
type BitrateCap struct {
	Type string `json:"type"`
	Up   int    `json:"up"` // bit/s; 0 lifts the bound
}
