// Package api is the native REST API of the control plane under /api/v1: chi and huma, OpenAPI 3.1,
// problem+json (RFC 9457) with a stable code and the request's id.
//
// It translates HTTP into commands and views of package state and decides who may ask; rules of the domain
// live in package state. It keeps nothing but what may be lost: rate limits and when keys were used last.
package api
