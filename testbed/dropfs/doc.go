//go:build linux

// Package dropfs is a file system in memory, mounted by FUSE, that loses what was not synced.
//
// Killing a process keeps the kernel's page cache, so that a test of durability by kill alone passes without
// a single fsync. On this file system bytes are durable once the file was synced, and names once the file or
// (Strict) the directory was; Drop then takes everything back to what was durable, as a power cut would. Sync
// can be made to fail. It keeps no permissions, links or times: it is for tests of stores.
package dropfs
