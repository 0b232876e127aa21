package rtc

import (
	"context"
	"fmt"
	"slices"
)

// Restart answers a later offer of the client: one with new ICE credentials
// restarts ICE, one with more sections adds Ups or slots. Sections known
// before must be there as they were, disabled ones excepted. Tracks and their
// sources stay. It fails with ErrBadOffer or ErrClosed.
func (t *Transport) Restart(ctx context.Context, offerSDP string) (answer string, err error) {
	o, err := parseOffer(offerSDP)
	if err != nil {
		return "", err
	}
	t.mu.Lock()
	old := t.offer
	t.mu.Unlock()
	if err := follows(old, o); err != nil {
		return "", err
	}
	if o.ufrag != old.ufrag || o.pwd != old.pwd {
		if err := t.restartICE(ctx, o.ufrag, o.pwd); err != nil {
			return "", err
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.offer != old {
		return "", badOffer("another offer was answered meanwhile")
	}
	t.offer = o
	t.takeSections(o, len(old.sections))
	t.local.version++
	return t.writeAnswer(), nil
}

// AddCandidates takes a trickle fragment (RFC 8840), as WHIP clients PATCH
// it. An ICE-lite node needs none of its candidates; a fragment of another
// ICE generation is ErrUnknownUfrag.
func (t *Transport) AddCandidates(raw string) error {
	f, err := parseFragment(raw)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if f.ufrag != t.offer.ufrag {
		return ErrUnknownUfrag
	}
	return nil
}

// RestartFragment restarts ICE with the credentials of a trickle fragment and
// returns the fragment that answers it (RFC 9725 section 4.3.3).
func (t *Transport) RestartFragment(ctx context.Context, raw string) (answer string, err error) {
	f, err := parseFragment(raw)
	if err != nil {
		return "", err
	}
	if f.pwd == "" {
		return "", badOffer("fragment without ice-pwd")
	}
	t.mu.Lock()
	old := t.offer
	t.mu.Unlock()
	if f.ufrag == old.ufrag {
		return "", badOffer("ice-ufrag is the current one")
	}
	if err := t.restartICE(ctx, f.ufrag, f.pwd); err != nil {
		return "", err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	next := *t.offer
	next.ufrag, next.pwd = f.ufrag, f.pwd
	t.offer = &next
	return writeFragment(&next, t.local), nil
}

// restartICE begins a new ICE generation. Until the client's checks have
// found a pair nothing is sent.
func (t *Transport) restartICE(ctx context.Context, ufrag, pwd string) error {
	if t.conn.Load() == nil {
		return badOffer("ICE restart before the first connection")
	}
	t.pair.Store(false)
	if err := t.agent.Restart("", ""); err != nil {
		return t.ended(err)
	}
	if err := t.gather(ctx); err != nil {
		return t.ended(err)
	}
	if err := t.agent.SetRemoteCredentials(ufrag, pwd); err != nil {
		return t.ended(err)
	}
	return nil
}

func (t *Transport) ended(err error) error {
	if t.ctx.Err() != nil {
		return ErrClosed
	}
	return fmt.Errorf("restart ICE: %w", err)
}

// after reduces s to what was agreed on in a, the same section of an earlier
// offer; false when it cannot follow. What a client leaves out stays as it
// was: it offers no more than what was agreed on before.
func (s *section) after(a *section) (ok bool) {
	if s.up() && !slices.Equal(s.rids, a.rids) || !s.ext.after(&a.ext) {
		return false
	}
	s.rids = a.rids
	s.payloads, ok = s.payloads.after(a.payloads)
	return ok && len(s.payloads) > 0
}

// follows checks that next may follow old in one transport, and reduces it to
// what may be answered.
func follows(old, next *offer) error {
	if len(next.sections) < len(old.sections) {
		return badOffer("%d sections after %d", len(next.sections), len(old.sections))
	}
	for i := range old.sections {
		a, b := &old.sections[i], &next.sections[i]
		switch {
		case a.refused != "":
			b.refused = a.refused
		case a.mid != b.mid || a.media != b.media:
			return badOffer("section %d was %s %s, is %s %s", i, a.media, a.mid, b.media, b.mid)
		case b.refused == "disabled by the client":
		case b.refused != "":
			return badOffer("section %d: %s", i, b.refused)
		case !b.after(a):
			return badOffer("section %d changed its payload types, encodings or extensions", i)
		}
	}
	same := slices.ContainsFunc(next.fingerprints, func(f fingerprint) bool {
		return slices.ContainsFunc(old.fingerprints, func(g fingerprint) bool {
			return f.hash == g.hash && slices.Equal(f.sum, g.sum)
		})
	})
	if !same {
		return badOffer("another certificate")
	}
	return nil
}
