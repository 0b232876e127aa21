// Package mail hands letters to the operator's SMTP server, one connection and one recipient a letter: the fate
// of each is its own.
//
// It composes MIME from what package letter has written and makes one attempt; it neither queues nor receives.
package mail
