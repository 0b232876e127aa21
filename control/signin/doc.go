// Package signin lets people of tenants in: by e-mail address and password, by their company's OpenID Connect
// provider, by a login key that the company's own server keeps, and by links with which they choose a password.
// It opens, finds and ends their sessions, and counts the tries that failed.
//
// It knows neither paths nor cookies nor what a role may do: that is package api. API keys are no business of
// its, nor are the tokens that open rooms. Everything lives on the node that leads.
package signin
