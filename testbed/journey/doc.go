// Package journey holds tests of whole journeys over separate processes, one
// control node and several edges, with clients that speak only the public
// protocols: the native signalling, WHIP and WHEP, the native API.
//
// What a browser does with it is testbed/browser; the same network on simulated
// time is testbed/scenario.
package journey
