// Package state is the replicated state machine of the control plane: what must agree, and the rules it obeys.
//
// It holds tenants, people, keys, rooms and meetings in go-memdb, applies commands to them and answers lookups
// from immutable views. It is pure: it reads no clock, no randomness, no disk and no network, so that the same
// log gives the same bytes on every node; commands carry the time and the ids they need. What needs a look
// outside (the strength of a key, a time zone's name, the hash of a password) is judged by the proposer.
// Replication and durability are package store's, HTTP is package api's, what happened is package history's.
package state
