// Package trial finds out whether a node passes media: a node that still answers
// HTTP but whose media port is dead looks well to everybody but the people on it.
//
// A trial is a call as a client makes it, to a node's announced address, from
// another node, which the caller asks for it: a node cannot always reach its own
// public address (NAT), and knows least whether others can. Call makes one; a Jury
// turns the outcomes into a verdict. Who calls whom, and when, is edge's business.
package trial
