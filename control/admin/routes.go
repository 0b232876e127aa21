package admin

import (
	"encoding/json"
	"fmt"
	"strings"
)

// routesOf lists the operations of an OpenAPI file with the scope that each
// needs: {"GET /companies/{company}/rooms":"rooms:read"}. The file itself is
// forty times as large.
func routesOf(openAPI []byte) ([]byte, error) {
	var file struct {
		Paths map[string]map[string]struct {
			Security []map[string][]string
		}
	}
	if err := json.Unmarshal(openAPI, &file); err != nil {
		return nil, fmt.Errorf("read the API's description: %w", err)
	}
	routes := map[string]string{}
	for path, methods := range file.Paths {
		for method, operation := range methods {
			scope := ""
			for _, s := range operation.Security {
				for _, scopes := range s {
					scope = strings.Join(scopes, " ")
				}
			}
			routes[strings.ToUpper(method)+" "+strings.TrimPrefix(path, "/api/v1")] = scope
		}
	}
	return json.Marshal(routes)
}
