// Package ledger is the form of a company's usage of one month as it leaves the platform: lines of canonical
// JSON, numbered, summed up, chained to the month before by its hash, and signed with Ed25519 (RFC 8032).
//
//	{"ledger":"meridian-usage/1","company":"acme","month":"2026-10","previous":{"month":"2026-09","sha256":"…"},"sealed":"…"}
//	{"n":1,"session":"…","room":"…","people":2,"stays":3,"seconds":600}     one a session, in the order of ids
//	{"sessions":1,"stays":3,"seconds":600}
//	{"sha256":"…","kid":"…","signature":"…"}                                 the hash of all bytes above
//
// Whoever has the file and the public key can check it without the platform ([Verify]), and with the file of
// the month before that none was exchanged later ([Follows]). Where the figures come from is not known here.
// The package is pure and imports nothing else of this repository.
package ledger
