// Package dev runs a whole network on one machine in one process: a control
// node with real Raft and a number of POPs that find each other by gossip and
// talk over QUIC, each with its own addresses. It is for trying, developing and
// demonstrating; the same parts run as separate processes by ops/node.
package dev
