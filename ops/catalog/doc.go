// Package catalog reads an OpenAPI file as commands: the things that an API
// knows, what can be done with them, and the fields that takes. It also makes
// requests of what somebody typed and tables of what was answered.
//
// It is pure: it asks nothing over the network, and knows no route by name. A
// route that the API gains is a command at the next build.
package catalog
