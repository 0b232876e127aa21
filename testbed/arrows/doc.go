// Package arrows holds the rules of the repository's shape, as tests: which
// folder may import which, what stands at the top level, that packages and
// folders explain themselves, and that tests neither sleep nor skip.
//
// The rules are few and have reasons; a rule that is in the way is changed here,
// with its reason, together with the DESIGN.md that speaks of it.
package arrows
