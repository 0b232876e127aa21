package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/meridian-video/meridian/control/notify/letter"
	"github.com/meridian-video/meridian/control/notify/mail"
	"github.com/meridian-video/meridian/control/notify/queue"
	"github.com/meridian-video/meridian/control/notify/sms"
)

// Names of the endpoints that companies' letters go to; those of webhooks do not begin so.
const (
	MailEndpoint = "@mail"
	SMSEndpoint  = "@sms"
)

// posted is a letter in the queue.
type posted struct {
	Letter  *mail.Letter `json:"letter,omitempty"`
	SMS     *sms.Message `json:"sms,omitempty"`
	Expires time.Time    `json:"expires,omitzero"` // after that nobody wants it any more
}

// Mail puts a letter of a company's into the queue. Own is the company's template, "" is none; one that does not
// work is reported and the built-in one used. The same occasion again changes nothing: an update needs a higher
// Sequence. Letters about one meeting to one person keep their order.
func (n *Notifier) Mail(ctx context.Context, company string, o letter.Occasion, own string) error {
	notice, err := n.letter(company, o, own)
	if err != nil {
		return err
	}
	return n.add(ctx, notice)
}

// Addressed is a letter to be, and the company's template for it; "" is none.
type Addressed struct {
	Occasion letter.Occasion
	Own      string
}

// MailAll is Mail for many letters of one company, which share transactions. Those that cannot be written are passed
// over and logged.
func (n *Notifier) MailAll(ctx context.Context, company string, all ...Addressed) error {
	var notices []queue.Notice
	for _, a := range all {
		notice, err := n.letter(company, a.Occasion, a.Own)
		if err != nil {
			n.Log.Warn("a letter cannot be written", "company", company, "kind", a.Occasion.Kind, "meeting", a.Occasion.Meeting.ID, "err", err)
			continue
		}
		notices = append(notices, notice)
	}
	return n.addAll(ctx, notices)
}

// letter writes one for the queue.
func (n *Notifier) letter(company string, o letter.Occasion, own string) (queue.Notice, error) {
	l, err := letter.Compose(o, own, n.Now())
	if err = n.broken(err, company, o); err != nil {
		return queue.Notice{}, err
	}
	l.ID = occasionID("mail", o, o.To.Email)
	return n.posting(company, o, queue.Mail, MailEndpoint, l.ID, o.To.Email, posted{Letter: &l, Expires: expiry(o)})
}

// SMS is Mail by telephone; ErrNumber where the person has no number that could be called.
func (n *Notifier) SMS(ctx context.Context, company string, o letter.Occasion, own string) error {
	if !sms.IsNumber(o.To.Phone) {
		return sms.ErrNumber
	}
	text, err := letter.SMS(o, own)
	if err = n.broken(err, company, o); err != nil {
		return err
	}
	m := sms.Message{ID: occasionID("sms", o, o.To.Phone), To: o.To.Phone, Text: text}
	notice, err := n.posting(company, o, queue.SMS, SMSEndpoint, m.ID, o.To.Phone, posted{SMS: &m, Expires: expiry(o)})
	if err != nil {
		return err
	}
	return n.add(ctx, notice)
}

// broken logs a company's template that does not work; the letter goes out all the same.
func (n *Notifier) broken(err error, company string, o letter.Occasion) error {
	if errors.Is(err, letter.ErrTemplate) {
		n.Log.Warn("a company's template does not work", "company", company, "kind", o.Kind, "err", err)
		return nil
	}
	return err
}

func (n *Notifier) posting(company string, o letter.Occasion, k queue.Kind, endpoint, id, to string, p posted) (queue.Notice, error) {
	payload, err := json.Marshal(p)
	if err != nil {
		return queue.Notice{}, fmt.Errorf("post letter: %w", err)
	}
	notice := queue.Notice{
		Company: company, ID: id, Kind: k, Type: string(o.Kind), Endpoints: []string{endpoint}, Created: n.Now(), Payload: payload,
	}
	if o.Meeting.ID != "" {
		notice.Series = seriesOfLetters(o.Meeting.ID, to)
	}
	return notice, nil
}

// Mailed says whether a letter of this occasion and source is in the queue, or was.
func (n *Notifier) Mailed(ctx context.Context, company string, o letter.Occasion) (bool, error) {
	return n.Queue.Known(ctx, company, occasionID("mail", o, o.To.Email))
}

// seriesOfLetters hides the address: numbers of series are kept for good.
func seriesOfLetters(meeting, to string) string {
	sum := sha256.Sum256([]byte(meeting + "\x00" + to))
	return "@" + hex.EncodeToString(sum[:12])
}

// expiry is when a letter is too late: only reminders are of use for a time.
func expiry(o letter.Occasion) time.Time {
	if o.Kind == letter.Reminder {
		return o.Meeting.Start.Add(o.Meeting.Duration)
	}
	return time.Time{}
}

// occasionID is the same for the same occasion. A source is enough to tell it by: what the letter says may have
// changed when the same is wanted again, after a crash.
func occasionID(way string, o letter.Occasion, to string) string {
	what := []any{way, o.Kind, to, o.Meeting.ID, o.Meeting.Sequence, o.Meeting.Start.UnixMilli(), o.PasswordLink}
	if o.Source != "" {
		what = []any{way, o.Kind, to, o.Meeting.ID, o.Source}
	}
	text, _ := json.Marshal(what) // texts and numbers
	sum := sha256.Sum256(text)
	return "ltr_" + hex.EncodeToString(sum[:16])
}

// Letters makes attempts to deliver e-mail.
type Letters struct{ Server mail.Server }

// Carry implements Carrier.
func (c *Letters) Carry(ctx context.Context, d queue.Delivery, at Attempt) Answer {
	p, late := open(d, at)
	if late != "" || p.Letter == nil {
		return Answer{Verdict: Refused, Fault: late}
	}
	status, err := c.Server.Send(ctx, *p.Letter, at.At)
	return answerOf(status, err, mail.ErrRefused, mail.ErrLetter)
}

// Texts makes attempts to deliver SMS.
type Texts struct{ Gateway sms.Gateway }

// Carry implements Carrier.
func (c *Texts) Carry(ctx context.Context, d queue.Delivery, at Attempt) Answer {
	p, late := open(d, at)
	if late != "" || p.SMS == nil {
		return Answer{Verdict: Refused, Fault: late}
	}
	status, err := c.Gateway.Send(ctx, *p.SMS)
	return answerOf(status, err, sms.ErrRefused, sms.ErrNumber)
}

// open reads a letter of the queue; the text says why it should not be sent.
func open(d queue.Delivery, at Attempt) (p posted, why string) {
	if err := json.Unmarshal(d.Payload, &p); err != nil {
		return p, "what is queued is no letter"
	}
	if !p.Expires.IsZero() && at.At.After(p.Expires) {
		return p, "it comes too late"
	}
	return p, ""
}

func answerOf(status int, err error, final ...error) Answer {
	if err == nil {
		return Answer{Verdict: Accepted, Status: status}
	}
	for _, f := range final {
		if errors.Is(err, f) {
			return Answer{Verdict: Refused, Status: status, Fault: err.Error()}
		}
	}
	return Answer{Verdict: Again, Status: status, Fault: err.Error()}
}
