package room

import (
	"encoding/json"
	"fmt"
	"net/url"
	"unicode/utf8"
)

// MaxPlayer bounds the address of a player, in bytes.
const MaxPlayer = 2 << 10

// Player is what a room watches together: the https address of a page that plays
// it, in a frame at each participant; empty for nothing.
type Player string

// Valid reports whether a room may have the player: one whose address is
// absolute, https and without credentials, which everybody would be told.
func (p Player) Valid() bool {
	if p == "" {
		return true
	}
	u, err := url.Parse(string(p))
	return err == nil && len(p) <= MaxPlayer && utf8.ValidString(string(p)) && u.Scheme == "https" && u.Host != "" && u.User == nil
}

// takesPlayer checks the value of the verb: an address, or nothing to end it.
func takesPlayer(raw json.RawMessage) error {
	var p Player
	if len(raw) > 0 && json.Unmarshal(raw, &p) != nil || !p.Valid() {
		return fmt.Errorf("value: is no https address of at most %d bytes without credentials: %w", MaxPlayer, ErrInvalid)
	}
	return nil
}

// brought are the rules when somebody comes in who brings a player: the first one
// stays, and once a moderator has decided nobody brings any.
func (r Rules) brought(p Player) Rules {
	if r.Player == (Rule[Player]{}) {
		r.Player.Value = p
	}
	return r
}
