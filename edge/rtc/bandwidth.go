package rtc

// Bandwidth returns how much the path to the client bears, in bit/s with all
// headers, and whether anything is known of it.
func (t *Transport) Bandwidth() (bitrate int, known bool) { return 0, false }

// SetWanted says how much the client would be sent if bandwidth were no
// question, in bit/s: there is no use in probing for more.
func (t *Transport) SetWanted(bitrate int) {}
