// Package state is the replicated state machine of the control plane: what must agree.
//
// It holds the platform, companies, room domains, tenant keys, API keys and rooms in go-memdb, applies
// commands to them and answers lookups from immutable views. It is pure: it reads no clock, no randomness,
// no disk and no network, so that the same log gives the same bytes on every node; commands carry the time
// and the ids they need. Replication and durability are package store's, HTTP is package api's.
package state
