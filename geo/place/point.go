package place

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// Point is a place, in degrees: north and east are positive.
type Point struct{ Lat, Lon float64 }

// ErrUnknown is returned for a text that names no place.
var ErrUnknown = errors.New("must be latitude,longitude in degrees, a time zone such as Europe/Berlin, or a country such as DE")

// Parse reads "50.11,8.68", the name of a time zone, or the code of a country
// (ISO 3166-1 alpha-2).
func Parse(text string) (Point, error) {
	if lat, lon, ok := strings.Cut(text, ","); ok {
		return parseDegrees(strings.TrimSpace(lat), strings.TrimSpace(lon))
	}
	if p, ok := Zone(text); ok {
		return p, nil
	}
	if p, ok := Country(text); ok {
		return p, nil
	}
	return Point{}, ErrUnknown
}

func parseDegrees(lat, lon string) (p Point, err error) {
	if p.Lat, err = strconv.ParseFloat(lat, 64); err != nil {
		return Point{}, ErrUnknown
	}
	if p.Lon, err = strconv.ParseFloat(lon, 64); err != nil || !p.Valid() {
		return Point{}, ErrUnknown
	}
	return p, nil
}

// Valid says whether there is such a place.
func (p Point) Valid() bool { return math.Abs(p.Lat) <= 90 && math.Abs(p.Lon) <= 180 } // not for NaN

// earthRadius is the mean radius, in km.
const earthRadius = 6371

// Distance is that of the great circle, in km.
func (p Point) Distance(q Point) float64 {
	rad := func(d float64) float64 { return d * math.Pi / 180 }
	half := func(d float64) float64 { s := math.Sin(rad(d) / 2); return s * s }
	h := half(q.Lat-p.Lat) + math.Cos(rad(p.Lat))*math.Cos(rad(q.Lat))*half(q.Lon-p.Lon)
	return 2 * earthRadius * math.Asin(math.Sqrt(min(h, 1)))
}

const (
	// perKilometre is what a kilometre of great circle adds to a round trip: two
	// ways at 200 km/ms in glass, times 1.6 for cables that do not go straight.
	perKilometre = 16 * time.Microsecond
	// lastMile is what every round trip takes that leaves a home.
	lastMile = 8 * time.Millisecond
)

// RoundTrip is a guess of the round trip from somebody at p to a site at q. It
// orders sites; it is wrong by half where cables take another way.
func (p Point) RoundTrip(q Point) time.Duration {
	return lastMile + time.Duration(p.Distance(q)*float64(perKilometre))
}
