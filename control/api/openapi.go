package api

import _ "embed"

//go:embed openapi.json
var openAPI string

// OpenAPI is what the API of this build says of itself (OpenAPI 3.1, JSON), for programs that are made from it; a
// test keeps it equal to what the API serves.
func OpenAPI() []byte { return []byte(openAPI) }
