package edge

import (
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/geo/place"
)

// What an asker may say of itself.
const (
	maxTrips = 16
	maxTrip  = 10 * time.Second
)

// asking is what a client says of itself when it asks for nodes. It is the
// client's word, and changes nothing but the order of its own list.
type asking struct {
	trips map[geo.NodeID]time.Duration // measured
	at    *place.Point                 // of its time zone; nil: not known
	pop   string                       // asked for, by any of its names
}

// readAsking reads what it understands, and leaves out the rest.
func readAsking(q url.Values) asking {
	a := asking{pop: q.Get("pop"), trips: readTrips(q.Get("trips"))}
	if at, ok := place.Zone(q.Get("tz")); ok {
		a.at = &at
	}
	return a
}

// readTrips reads round trips in milliseconds: fra-1:12.5,iad-1:90.
func readTrips(text string) map[geo.NodeID]time.Duration {
	trips := map[geo.NodeID]time.Duration{}
	for each := range strings.SplitSeq(text, ",") {
		id, ms, _ := strings.Cut(each, ":")
		f, err := strconv.ParseFloat(ms, 64)
		if err != nil || geo.ValidNodeID(id) != nil || !(f >= 0 && f <= float64(maxTrip.Milliseconds())) {
			continue
		}
		if len(trips) == maxTrips {
			break
		}
		trips[geo.NodeID(id)] = time.Duration(math.Round(f * float64(time.Millisecond)))
	}
	return trips
}
