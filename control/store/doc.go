// Package store replicates package state with hashicorp/raft and keeps it on disk: log, votes and snapshots
// under one directory, everything fsynced before it is acknowledged.
//
// A disk that cannot be trusted ends the process: the first write that fails or hangs latches the log store
// and calls Config.OnFatal. It serves no API and knows no HTTP; it hands every applied entry to
// Config.OnApply, from which the change feed is made.
package store
