// Package tenant is what notifications know of tenants: their webhooks, people, meetings, templates and settings,
// read from the state of control.
//
// [Directory] answers whom to tell of events, [Secretary] writes the letters that changes of meetings and users
// ask for, and knows which reminders are due. It puts nothing into a queue by itself and sends nothing.
package tenant
