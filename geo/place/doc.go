// Package place says roughly where on Earth something is and how long packets
// take between two places.
//
// It knows coordinates, time zones and countries, from tables that it carries.
// It asks nobody and reads no file: where a network address is, package geo/where
// reads from the operator's database.
package place
