package picture

import (
	"strings"

	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/geo/atlas"
	"github.com/meridian-video/meridian/geo/place"
)

// Site is where a node stands.
type Site struct {
	Lat  float64 `json:"lat"`
	Lon  float64 `json:"lon"`
	City string  `json:"city,omitempty"` // by the POP's code
	Said bool    `json:"said"`           // by the node's configuration; else by the POP's code alone
}

func (s Site) point() place.Point { return place.Point{Lat: s.Lat, Lon: s.Lon} }

// airports are codes that POPs are named by, of cities that the atlas has by another.
var airports = map[string]string{
	"lhr": "lon", "lgw": "lon", "cdg": "par", "ory": "par", "jfk": "nyc", "ewr": "nyc", "lga": "nyc", "dca": "iad", "was": "iad",
	"nrt": "tyo", "hnd": "tyo", "kix": "osa", "itm": "osa", "pvg": "sha", "pek": "bjs", "mxp": "mil", "lin": "mil", "fco": "rom",
	"mdw": "ord", "chi": "ord", "dal": "dfw", "hou": "iah", "oak": "sfo", "bma": "arn", "sto": "arn", "saw": "ist", "gmp": "icn",
	"sel": "icn", "rio": "gig", "sao": "gru", "bue": "eze", "jkt": "cgk", "buh": "otp", "yto": "yyz",
}

// siteOf is where a node says that it stands, else where a POP of its name would.
func siteOf(n geo.Node) *Site {
	city, known := cityOf(n.POP)
	switch {
	case n.Place != nil && n.Place.Valid():
		s := &Site{Lat: n.Place.Lat, Lon: n.Place.Lon, Said: true}
		if at := (place.Point{Lat: city.Lat, Lon: city.Lon}); known && n.Place.Distance(at) < nearCity {
			s.City = city.Name
		}
		return s
	case known:
		return &Site{Lat: city.Lat, Lon: city.Lon, City: city.Name}
	}
	return nil
}

// nearCity is how far from its city a POP may stand to be called by it, in km.
const nearCity = 150

// cityOf finds the city by the three letters that a POP's name begins with: fra, fra2
// and fra-west are all in Frankfurt.
func cityOf(p geo.POP) (atlas.City, bool) {
	code := strings.ToLower(string(p))
	if len(code) < 3 || len(code) > 3 && code[3] >= 'a' && code[3] <= 'z' {
		return atlas.City{}, false
	}
	code = code[:3]
	if other, ok := airports[code]; ok {
		code = other
	}
	return atlas.Find(code)
}
