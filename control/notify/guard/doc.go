// Package guard keeps calls to addresses that tenants choose away from the operator's own network: it looks at
// the address that a name was resolved to, at the moment of connecting, so that no name and no second answer of
// a name server gets around it.
//
// It is for every call whose URL comes from outside: webhooks, access checks, branding images. It judges no
// content and knows nothing of retries. It is a leaf, so that edges may use it, too.
package guard
