// Package cluster is how control nodes become one cluster, and never two, from the same flags on each.
//
// Every node asks all addresses of its list who is there, until it can tell what to do: found the cluster (the
// smallest id of those expected, once all of them are there and empty), take its part in one that names it as a
// founder, or ask to be admitted to one that exists. Decide is that decision, pure. What a node knows of itself
// and its cluster is one small file beside Raft's, so that a wiped disk is seen as a new node, under whatever
// name it comes.
//
// It moves no Raft message and no data of the state.
package cluster
