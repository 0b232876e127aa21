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
	q, err := messagesOf(company, session, page)
	if err != nil {
		return nil, "", err
	}
	rows, err := list(ctx, s.read, readMessage, q)
	if err != nil {
		return nil, "", err
	}
	rows, next := cut(rows, page.limit(), func(m Message) place {
		return place{[]int64{int64(m.Seq), m.Written.UnixMilli()}, m.ID}
	})
	return rows, next, nil
}

func messagesOf(company, session string, page Page) (query, error) {
	var f filter
	f.and("company = ?", company)
	f.and("session = ?", session)
	err := f.behind(page, "(seq, written, message) > (?, ?, ?)", 2)
	return f.query(messageColumns, "seq, written, message", page.limit()+1), err
}

const messageColumns = `SELECT session, message, seq, written, peer, name, text FROM message`

func readMessage(row scanner) (m Message, err error) {
	var written int64
	err = row.Scan(&m.Session, &m.ID, &m.Seq, &written, &m.Peer, &m.Name, &m.Text)
	m.Written = millis(written)
	return m, err
}
