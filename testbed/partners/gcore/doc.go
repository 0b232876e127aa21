// Package gcore is the site of a partner that has integrated G-Core Meet by its
// guide of 07/21: a page with the meeting in a frame and the bridge script, and
// the small backend behind it, which signs tokens, answers access checks and
// webhooks, and asks for statistics.
//
// It knows nothing of Meridian but a host name, and takes nothing from this
// repository: it is how we find out that only the host name has to change.
package gcore
