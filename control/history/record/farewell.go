package record

import "encoding/json"

// Farewell is what the companies' servers are told of an end besides who left,
// where a visitor's link or token says so. Left carries it as JSON.
type Farewell struct {
	Token string `json:"token,omitempty"` // what the visitor had brought
	// URL is whom to tell instead of whoever is registered; empty: those.
	URL           string `json:"url,omitempty"`
	Method        string `json:"method,omitempty"` // GET or POST; empty: GET
	Authorization string `json:"authorization,omitempty"`
	// Webhook is the registered webhook whose header goes to URL.
	Webhook string `json:"webhook,omitempty"`
}

// Text is the farewell as Left carries it; "" is none.
func (f Farewell) Text() string {
	if f == (Farewell{}) {
		return ""
	}
	b, err := json.Marshal(f)
	if err != nil {
		return "" // strings always encode
	}
	return string(b)
}

// ParseFarewell reads what Text wrote.
func ParseFarewell(text string) (f Farewell, err error) {
	if text == "" {
		return f, nil
	}
	return f, json.Unmarshal([]byte(text), &f)
}
