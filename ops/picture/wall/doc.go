// Package wall serves the operators' picture of the network: /ops/ on the operator's
// port, a map and tables that are drawn anew every second from /ops/net.json.
//
// It is read only, and knows nobody: whoever reaches the port may look. The page is plain
// modules that browsers run as they are; nothing builds it. Types are checked by
// `tsc -p ops/picture/wall`, its arithmetic by `node --test ops/picture/wall/*.test.mjs`.
package wall
