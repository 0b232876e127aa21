// Package control assembles one control node: Raft store, cluster authority, change feed and API.
//
// Every listener is passed in. The node serves the cluster listener (enrolment and feed, TLS) and Raft
// streams itself; the API is a handler that the caller serves where it likes. See DESIGN.md.
package control
