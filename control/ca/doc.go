// Package ca is the cluster's own certificate authority and the way a new node gets into it.
//
// One P-256 authority per cluster signs node certificates: 30 days, the node's id as URI name
// meridian://node/<id>, its role as organizational unit, and for control nodes the DNS name ControlName that
// every client of the cluster listener asks for. A node joins with a join secret
//
//	mrd1.<base64url SHA-256 of the authority's certificate>.<base64url 32 random bytes>
//
// which pins the authority (so that the very first connection is authenticated) and proves the right to join
// by an HMAC over the TLS connection and the certificate request; the secret itself is never sent.
//
// Control nodes join with another secret, mrv1.<base64url 32 random bytes>, which never travels either: each
// derives the whole authority from it and signs a control certificate for itself.
//
// The package keeps files and checks proofs; it decides nothing about membership and knows no Raft.
package ca
