// Package node runs one control node or one edge node of the network: it opens
// identity, gossip, the parts and their HTTP servers in order, and takes them
// down in the opposite order. It is the only place that knows how the parts fit.
//
// It decides no addresses: sockets come in opened, from the configuration
// (roles.go), from a whole network in one process (ops/dev), or from a test.
package node
