// Package client is what an edge knows of the control plane: its identity in the cluster, and a copy of the
// tenants, keys, domains and rooms that it decides joins with, kept on the edge's own disk.
//
// Enroll gets the identity (or reads it from the disk), Open the copy; Client.Run follows the change feed.
// With a copy on the disk an edge starts and serves while control is down. Every answer comes from memory;
// nothing here waits for control on the path of a join. It writes nothing to control.
package client
