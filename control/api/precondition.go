package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
)

// etag is the entity tag of a version (RFC 9110, section 8.8.3).
func etag(version uint64) string { return `"` + strconv.FormatUint(version, 10) + `"` }

// tagged tells whether a list of entity tags names a version. strong passes over weak tags.
func tagged(list string, version uint64, strong bool) bool {
	for tag := range strings.SplitSeq(list, ",") {
		tag = strings.TrimSpace(tag)
		if tag == "*" {
			return true
		}
		if weak, ok := strings.CutPrefix(tag, "W/"); ok && !strong {
			tag = weak
		}
		if tag == etag(version) {
			return true
		}
	}
	return false
}

// expected is the version that a write is meant for by its If-Match; 0 where it says nothing. The state compares
// again when the command is applied.
func expected(ctx context.Context, r *http.Request, current uint64) (uint64, error) {
	list := strings.Join(r.Header.Values("If-Match"), ",")
	switch {
	case list == "" || strings.TrimSpace(list) == "*":
		return 0, nil
	case tagged(list, current, true):
		return current, nil
	}
	return 0, problem(ctx, http.StatusPreconditionFailed, "It has been changed since; read it again.")
}

// unchanged tells whether the client has this version already.
func unchanged(r *http.Request, current uint64) bool {
	list := strings.Join(r.Header.Values("If-None-Match"), ",")
	return list != "" && tagged(list, current, false)
}
