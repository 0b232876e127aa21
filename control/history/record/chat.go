package record

// Chat is a message written in a session.
type Chat struct {
	Live
	Message string `json:"message"` // id, unique over all rooms
	Seq     uint64 `json:"seq"`     // its place in the room, given by the home
	Peer    string `json:"peer"`
	Name    string `json:"name,omitempty"`
	Text    string `json:"text"`
}

// Kind implements Record.
func (*Chat) Kind() Kind { return KindChat }

// ID implements Record.
func (c *Chat) ID() string { return join(KindChat, c.Company, c.Session, c.Message) }

func (c *Chat) tidy() {
	c.Live.tidy()
	tidyText(&c.Message, &c.Peer, &c.Name, &c.Text)
}

func (c *Chat) validate() error {
	if c.Seq >= 1<<63 {
		return fault("seq", "is too large")
	}
	return first(c.Live.validate(), id("message", c.Message), id("peer", c.Peer),
		text("name", c.Name, maxName), text("text", c.Text, maxChatText))
}
