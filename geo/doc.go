// Package geo knows which nodes there are and how far apart they lie: node
// identities, gossip membership, round-trip estimates, and the pure choice of
// the nearest POP.
//
// What it says is a hint. Authority over tenants, rooms and placements stays
// with the control plane; whether a node may be talked to is decided by its
// certificate. The package knows nothing of rooms, media or HTTP and imports
// nothing else of this repository.
package geo
