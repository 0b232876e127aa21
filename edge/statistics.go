package edge

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/meridian-video/meridian/edge/sfu/quality"
)

// statistics are how the media of one client travelled during the last second,
// for support.
type statistics struct {
	Company  string  `json:"company"`
	Room     string  `json:"room"`
	Peer     string  `json:"peer_id"`
	Trace    string  `json:"trace"`
	Protocol string  `json:"protocol"` // by which packets go to the client: udp or tcp
	RTT      float64 `json:"rtt_ms"`
	Estimate int     `json:"estimate"` // bit/s that the way to the client bears; 0: not known
	Up       opinion `json:"up"`
	Down     opinion `json:"down"`
	Sent     []sent  `json:"sent"`
	Got      []got   `json:"got"`
}

// opinion is a verdict in words.
type opinion struct {
	Score float64 `json:"score"`
	Class string  `json:"class"`
	Cause string  `json:"cause"`
}

func opinionOf(v quality.Verdict) opinion {
	return opinion{scoreOf(v).Score, v.Class.String(), v.Cause.String()}
}

// note keeps the statistics of an attachment for whoever asks.
func (a *attachment) note(f figures) {
	estimate, _ := a.transport.Bandwidth()
	a.statistics.Store(&statistics{
		Company: a.key.Company, Room: a.key.Room, Peer: a.seat.Peer(), Trace: a.trace,
		Protocol: f.protocol, RTT: millis(f.rtt), Estimate: estimate,
		Up: opinionOf(a.grades.up.verdict), Down: opinionOf(a.grades.down.verdict),
		Sent: f.sent, Got: f.got,
	})
}

// ServeStatistics answers with the statistics of every client attached here, as
// JSON; those of ?room= alone if it is given. They name people, so it is for an
// operator's own port.
func (n *Node) ServeStatistics(w http.ResponseWriter, r *http.Request) {
	list := []*statistics{}
	room := r.URL.Query().Get("room")
	for _, a := range n.attachmentList() {
		if s := a.statistics.Load(); s != nil && (room == "" || s.Room == room) {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b *statistics) int {
		return cmp.Or(cmp.Compare(a.Company, b.Company), cmp.Compare(a.Room, b.Room), cmp.Compare(a.Peer, b.Peer))
	})
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(list)
}
