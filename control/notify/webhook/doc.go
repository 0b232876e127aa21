// Package webhook signs and sends events by the Standard Webhooks scheme (version 1): headers webhook-id,
// webhook-timestamp and webhook-signature, HMAC-SHA-256 over id, time and body, keys written as whsec_….
//
// It makes one attempt at a time. When the next one is, is the queue's and the sender's affair.
package webhook
