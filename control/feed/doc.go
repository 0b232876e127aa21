// Package feed carries the control plane's changes to the edges: the frames, and the server side that keeps
// the latest of them for any number of edges.
//
// The stream is newline-delimited JSON over one long-lived mutually authenticated HTTP response:
//
//	{"t":"snapshot","i":N,"e":"epoch"}                what follows replaces the copy
//	{"t":"put","k":"company","d":{…}}                 one record of the snapshot, any number
//	{"t":"end","i":N,"n":count}                       the snapshot is complete
//	{"t":"delta","i":M,"c":[{"k":"room","d":{…}},{"k":"room","x":"id"}]}   a command's puts and deletes
//	{"t":"beat","i":M}                                every two seconds; everything up to M has been sent
//
// An edge's copy holds companies, room domains, usable tenant keys, rooms, and the platform's default company
// and public signing keys. Of API keys it holds those of companies, as hashes of random secrets, so that edges
// answer about rooms while control is away; never the platform's and resellers'. The package keeps no disk; that
// is package client's.
package feed
