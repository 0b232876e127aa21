// Package notify tells people and companies outside what happens: webhooks, e-mail with calendar files, SMS.
//
// A [Notifier] runs on every control node and puts notices into the durable queue. A [Sender] runs where the
// cluster is led and works the queue: every endpoint by itself, events of a room in order, retries over three
// days. How one attempt is made is package webhook's, mail's and sms's affair; what the tenant's state says
// (endpoints, meetings) comes in by small interfaces, and nothing here changes it. See DESIGN.md.
package notify
