// Package web holds the meeting page as built files, so that every edge node
// serves the same page from its own binary.
//
// The sources are TypeScript in src; dist is what `npm run build` makes of
// them and is committed, so that a machine with only Go can build and run an
// edge. The package serves nothing itself: routes, headers and the content
// security policy belong to the server that mounts it.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Assets returns the built page: index.html for every page route, and the
// files below assets/, whose names carry a hash of their content and which may
// therefore be cached for ever.
func Assets() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("web: the embedded folder is not named dist: " + err.Error())
	}
	return sub
}
