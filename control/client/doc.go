// Package client is what an edge knows of the control plane: its identity in the cluster, and a copy of the
// tenants, keys, domains and rooms that it decides joins with, kept on the edge's own disk.
//
// Enroll gets the identity (or reads it from the disk), Open the copy; Client.Run follows the change feed.
// With a copy on the disk an edge starts and serves while control is down. Every lookup is answered from
// memory. What the leader has to decide for the edge goes by Place, Use and Exchange, which wait for it; no join does,
// but one whose token counts from its first use.
package client
