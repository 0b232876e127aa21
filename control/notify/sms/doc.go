// Package sms hands messages to the operator's SMS gateway: an HTTP API of whatever form, described by a URL, a
// method and a body with places for the number and the text.
//
// It makes one attempt; it neither queues nor writes texts.
package sms
