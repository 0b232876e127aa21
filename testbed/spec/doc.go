// Package spec holds the lists of what Meridian has to do, and finds in the
// sources which test shows each of them; TABLE.md is what comes out.
//
// A test says what it covers by a line above it, in Go and in TypeScript alike:
//
//	// Covers F-075, F-085.
//
// It may do so where it observes what the criterion names, not where it only
// comes near. Several tests together may cover one requirement.
//
// The package runs no test and judges none; that a test fails is said elsewhere.
package spec
