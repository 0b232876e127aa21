package signal

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// status is the one place where an error becomes an HTTP status.
func (e *Error) status() int {
	tooLong, _ := errors.AsType[*http.MaxBytesError](e.Cause)
	switch {
	case errors.Is(e.Cause, errMediaType):
		return http.StatusUnsupportedMediaType
	case tooLong != nil:
		return http.StatusRequestEntityTooLarge
	case e.Code == BadMessage:
		return http.StatusBadRequest
	case e.Code == "token_missing", e.Code == "token_malformed", e.Code == "token_algorithm", e.Code == "token_signature",
		e.Code == "token_expired", e.Code == "token_not_yet_valid", e.Code == "token_revoked":
		return http.StatusUnauthorized
	case e.Code == NotFound:
		return http.StatusNotFound
	case e.Code == Full, e.Code == NodeFull, e.Code == NodeDraining, e.Code == TryAgain, e.Code == CheckFailed:
		return http.StatusServiceUnavailable
	case e.Code == Internal:
		return http.StatusInternalServerError
	case e.Code == Superseded:
		return http.StatusConflict
	case e.Code == RateLimited:
		return http.StatusTooManyRequests
	case e.Code == "too_early":
		return http.StatusTooEarly
	case e.Code == "locked":
		return http.StatusLocked
	}
	return http.StatusForbidden
}

// Problem writes an error as RFC 9457 problem details.
func Problem(w http.ResponseWriter, err error, requestID string) {
	e := asError(err, Refused)
	code := e.status()
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	if code == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	if code == http.StatusServiceUnavailable || code == http.StatusTooManyRequests {
		h.Set("Retry-After", strconv.Itoa(max(e.RetryAfter, 1)))
	}
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(struct {
		Title     string `json:"title"`
		Status    int    `json:"status"`
		Code      Code   `json:"code"`
		Detail    string `json:"detail"`
		RequestID string `json:"request_id"`
	}{http.StatusText(code), code, e.Code, e.Message, requestID})
}

// addressOf is where a request came from; the zero address if that is none.
func addressOf(r *http.Request) netip.Addr {
	from, _ := netip.ParseAddrPort(r.RemoteAddr)
	return from.Addr()
}

// bearer returns the token of an Authorization header (RFC 6750 section 2.1).
func bearer(r *http.Request) string {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
