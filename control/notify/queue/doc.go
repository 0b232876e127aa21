// Package queue is the durable queue of everything that is sent to somebody outside: webhooks, e-mail, SMS. It
// lives in history's database, so that whoever leads the cluster can go on where another stopped.
//
// Each endpoint has a lane of its own. A sender leases a lane, works it, gives it back; a killed sender's lanes
// come back when their leases end. Within a lane, what has a series (a room's events) goes in the order of its
// numbers, see [Plan].
//
// The queue neither sends anything nor knows what a payload says.
package queue
