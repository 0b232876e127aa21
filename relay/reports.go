package relay

import "github.com/meridian-video/meridian/relay/wire"

// reports are the last sender report of each encoding of a track. Their number is
// bounded by that of the layer's values.
type reports []wire.Report

// keep notes r in place of the one before of its encoding.
func (all *reports) keep(r wire.Report) {
	for i := range *all {
		if (*all)[i].Layer == r.Layer {
			(*all)[i] = r
			return
		}
	}
	*all = append(*all, r)
}
