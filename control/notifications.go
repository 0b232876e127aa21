package control

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/control/notify"
	"github.com/meridian-video/meridian/control/notify/guard"
	"github.com/meridian-video/meridian/control/notify/mail"
	"github.com/meridian-video/meridian/control/notify/queue"
	"github.com/meridian-video/meridian/control/notify/sms"
	"github.com/meridian-video/meridian/control/notify/tenant"
	"github.com/meridian-video/meridian/control/notify/webhook"
	"github.com/meridian-video/meridian/control/seal"
	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/token"
)

// Notifications is how a node reaches companies and people outside. The zero value sends webhooks and no letters.
type Notifications struct {
	Mail *mail.Server // nil sends no e-mail
	From string       // address that e-mail comes from; required with Mail
	SMS  *sms.Gateway // nil sends no SMS

	Allow []netip.Prefix // networks that webhooks may reach although they are special
	Own   []net.Listener // this machine's, besides the node's, which no webhook may reach; nil ones are none
	// Dial and Roots are how webhooks are connected and whom they trust, see guard.Guard.
	Dial  func(ctx context.Context, network, address string) (net.Conn, error)
	Roots *x509.CertPool

	// Queue says how deliveries are worked; nil = notify.Default.
	Queue *notify.Config
}

// openNotifier makes what puts notices into the queue, before anything can be reported.
func (n *Node) openNotifier() (err error) {
	if n.sealer, err = seal.New(n.authority.SealKey()); err != nil {
		return err
	}
	n.directory = &tenant.Directory{View: n.View, Seal: n.sealer, Propose: n.proposeQuietly, Now: time.Now}
	n.notifier = &notify.Notifier{
		Queue: queue.New(n.history), Directory: n.directory, Departures: n.directory, Presences: n.history, Now: time.Now, Log: n.log.With("part", "notify"),
	}
	return n.openSender()
}

func (n *Node) openSender() (err error) {
	c := n.cfg.Notifications
	settings := notify.Default()
	if c.Queue != nil {
		settings = *c.Queue
	}
	n.guard = &guard.Guard{
		Allow: c.Allow, Own: ownAddresses(append(slices.Clone(c.Own), n.cfg.Cluster, n.cfg.Raft)...), Dial: c.Dial, Roots: c.Roots,
	}
	n.outside = n.guard.Client(webhook.Timeout)
	carriers := map[queue.Kind]notify.Carrier{
		queue.Webhook:   &notify.Webhooks{Directory: n.directory, Sender: &webhook.Sender{Client: n.outside}},
		queue.Departure: &notify.Leavings{Departures: n.directory, Client: n.outside},
	}
	if c.Mail != nil {
		if err := errors.Join(c.Mail.Validate(), mail.CheckAddress(c.From)); err != nil {
			return fmt.Errorf("mail server: %w", err)
		}
		carriers[queue.Mail] = &notify.Letters{Server: *c.Mail}
	}
	if c.SMS != nil {
		if err := c.SMS.Validate(); err != nil {
			return fmt.Errorf("SMS gateway: %w", err)
		}
		carriers[queue.SMS] = &notify.Texts{Gateway: *c.SMS}
	}
	n.sender, err = notify.NewSender(n.notifier.Queue, carriers, settings, time.Now, n.notifier.Log, n.cfg.Registerer)
	n.notifier.Added = func() { n.sender.Poke() }
	return err
}

// openSecretary makes who writes letters; links in them are signed by this node.
func (n *Node) openSecretary(signer *token.Signer) {
	c := n.cfg.Notifications
	n.secretary = &tenant.Secretary{
		View: n.View, Seal: n.sealer, Tokens: signer, Post: n.notifier, Propose: n.proposeQuietly, Passwords: passwordLetters{n},
		SMS: c.SMS != nil, Now: time.Now, Log: n.notifier.Log,
	}
	if c.Mail != nil {
		n.secretary.From = c.From
	}
}

// proposeQuietly is Propose for what nobody asked for.
func (n *Node) proposeQuietly(ctx context.Context, c state.Command) error {
	_, err := n.Propose(ctx, c)
	return err
}

// notifyOutside works the queue and looks for reminders, until the lead ends. Whoever leads next goes on: lanes that
// are not given back are free when their leases end.
func (n *Node) notifyOutside(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { _ = n.sender.Run(ctx) }) // ends with ctx, which says why
	wg.Go(func() { _ = n.notifier.Remind(ctx, n.secretary) })
	wg.Wait()
}

// tell lets companies and people know of the state's events. It may be called again with the same: notices have
// ids, and those that are known are passed over.
func (n *Node) tell(ctx context.Context, events []state.Event, audits []record.Record) error {
	if err := n.notifier.PublishRecords(ctx, audits...); err != nil {
		return err
	}
	for i, e := range events {
		if err := n.secretary.Write(ctx, e, audits[i].ID()); err != nil {
			return fmt.Errorf("write letters: %w", err)
		}
	}
	return nil
}

// ownAddresses are those at which listeners are reached; one that listens everywhere has all of the machine's.
func ownAddresses(listeners ...net.Listener) (own []netip.AddrPort) {
	for _, l := range listeners {
		if l == nil {
			continue
		}
		at, err := netip.ParseAddrPort(l.Addr().String())
		if err != nil {
			continue // of a test's network
		}
		if !at.Addr().IsUnspecified() {
			own = append(own, at)
			continue
		}
		for _, a := range machineAddresses() {
			own = append(own, netip.AddrPortFrom(a, at.Port()))
		}
	}
	return own
}

func machineAddresses() (all []netip.Addr) {
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, i := range interfaces {
		if p, err := netip.ParsePrefix(i.String()); err == nil {
			all = append(all, p.Addr())
		}
	}
	return all
}
