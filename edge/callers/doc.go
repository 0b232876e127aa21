// Package callers judges programs that ask an edge about live rooms: by a
// company's API key, by the address that they call from, or by both where the
// company wants that. It works from the edge's copy of the configuration, so also
// while control is away.
//
// It knows no rooms, and no people: who joins is judged by control/entry.
package callers
