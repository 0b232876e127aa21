package history

import (
	"context"
	"time"
)

// Message is a chat message. Of one whose writer was deleted only its place is left.
type Message struct {
	Session string
	ID      string
	Seq     uint64
	Written time.Time
	Peer    string
	Name    string
	Text    string
}

// Messages lists the chat of a session in its order, and the cursor of the next page.
func (s *Store) Messages(ctx context.Context, company, session string, page Page) ([]Message, string, error) {
	var f filter
	f.and("company = ?", company)
	f.and("session = ?", session)
	at, further, err := page.start(2)
	if err != nil {
		return nil, "", err
	}
	if further {
		f.and("(seq, written, message) > (?, ?, ?)", at.Numbers[0], at.Numbers[1], at.ID)
	}
	f.args = append(f.args, page.limit()+1)
	rows, err := list(ctx, s.read, readMessage, messageColumns+f.where()+f.order("seq, written, message"), f.args...)
	if err != nil {
		return nil, "", err
	}
	rows, next := cut(rows, page.limit(), func(m Message) place {
		return place{[]int64{int64(m.Seq), m.Written.UnixMilli()}, m.ID}
	})
	return rows, next, nil
}

const messageColumns = `SELECT session, message, seq, written, peer, name, text FROM message`

func readMessage(row scanner) (m Message, err error) {
	var written int64
	err = row.Scan(&m.Session, &m.ID, &m.Seq, &written, &m.Peer, &m.Name, &m.Text)
	m.Written = millis(written)
	return m, err
}
