// Command trees plans the distribution trees of a world that does not exist yet: 300
// sites in real cities, 10,000 rooms, a million people. It counts what the planner of
// relay/tree costs and saves, lets sites, hubs and links die, and lets nodes see the
// network differently from each other.
//
//	go run ./testbed/trees
//	go run ./testbed/trees --svg relay
//
// Round trips come from great-circle distances; nothing is sent. Apart from the times of
// planning, a run is the same for the same seed everywhere.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/alecthomas/kong"
)

type options struct {
	Sites  int    `help:"Sites, the largest cities first." default:"300"`
	Rooms  int    `help:"Rooms." default:"10000"`
	People int    `help:"People in all rooms together." default:"1000000"`
	Seed   uint64 `help:"Seed of the world." default:"7"`
	FanOut int    `help:"Copies of a track that a node sends at most; 0 is the planner's default."`
	SVG    string `help:"Write trees-map.svg and trees.svg into this directory." type:"existingdir" placeholder:"DIR"`
}

func main() {
	var o options
	kong.Parse(&o, kong.Name("trees"), kong.Description("Plans the trees of a simulated world."))
	if err := o.run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (o options) run() error {
	w := newWorld(o)
	r := w.measure()
	r.print(os.Stdout)
	if o.SVG == "" {
		return nil
	}
	if err := os.WriteFile(filepath.Join(o.SVG, "trees.svg"), []byte(drawPlots(r)), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(o.SVG, "trees-map.svg"), []byte(drawMap(w)), 0o644)
}
