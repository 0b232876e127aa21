package signal

// QualityCause is what keeps a direction from being better.
type QualityCause string

// The causes.
const (
	CauseNone       QualityCause = "none"
	CauseUplinkLoss QualityCause = "uplink_loss" // packets of the client get lost on their way here
	CauseDownlink   QualityCause = "downlink"    // the way to the client is congested or loses packets
	CauseCPU        QualityCause = "cpu"         // the client's machine cannot keep up
	CausePaused     QualityCause = "paused"      // a sender has paused
)

// Score judges one direction like a mean opinion score: 1 is bad, 5 excellent.
type Score struct {
	Score float64      `json:"score"`
	Cause QualityCause `json:"cause"`
}

// Quality tells a client how well what it sends and what it receives travels.
type Quality struct {
	Type string `json:"type"`
	Up   Score  `json:"up"`
	Down Score  `json:"down"`
}
