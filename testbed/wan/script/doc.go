// Package script is the language of testbed/wan: a line says what the network is
// like, in the file of a topology, or what happens to it, while it runs.
//
//	pop fra
//	link fra syd delay=140ms jitter=1ms
//	cut fra syd
//	silence fra
//
// It knows words and how many names they take. Which hosts there are, and what a
// line does, is the reader's business.
package script
