// Package retention says how long a tenant's history is kept and when a session is over that nobody closed, and
// makes it so in a [history.Store].
//
// [Close] and [Purge] are one round each, with the time as an argument; who leads the cluster calls them again and
// again. What is kept of a person who asked to be erased is package history's.
package retention
