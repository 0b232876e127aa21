// Package event defines what companies are told by webhooks: the types of events, the form of each one's data
// and its JSON. EVENTS.md is made of the same table.
//
// A version counts for one type: fields may be added in it, so receivers pass over what they do not know; what
// takes a field away or changes its meaning gets the next one. How events are sent is not this package's affair.
package event
