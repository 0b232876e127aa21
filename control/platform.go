package control

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base32"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/meridian-video/meridian/control/api"
	"github.com/meridian-video/meridian/control/apikey"
	"github.com/meridian-video/meridian/control/ca"
	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/store"
	"github.com/meridian-video/meridian/control/token"
)

const (
	fileAPIKey     = "api-key"
	fileSigningKey = "signing.key"
	// DevCompany is the id of the company that EnsureDev makes.
	DevCompany = "dev"
	// firstKeyRate is what the operator's programs may ask a second: ten times what a tenant's may, and far below
	// what the leader can answer, so that one in a loop leaves room for all others.
	firstKeyRate = 1_000
)

// initPlatform gives a new cluster its epoch: the cluster's name.
func (n *Node) initPlatform(ctx context.Context) error {
	if n.store.View().Platform().Epoch != "" {
		return nil
	}
	_, err := n.ensure(ctx, &state.InitPlatform{Epoch: n.birth.Load().Record.ID})
	return err
}

// ensure is Propose for commands that do no harm twice: while the outcome is unknown it asks again.
func (n *Node) ensure(ctx context.Context, c state.Command) (state.Result, error) {
	for {
		r, err := n.Propose(ctx, c)
		if !errors.Is(err, store.ErrUnknownOutcome) || ctx.Err() != nil {
			return r, err
		}
	}
}

// signer reads or makes this node's key for join tokens and publishes its public half. The private half stays
// in the data directory: each control node signs with its own, and edges know them all.
func (n *Node) signer(ctx context.Context) (*token.Signer, error) {
	key, err := signingKey(filepath.Join(n.cfg.Dir, fileSigningKey))
	if err != nil {
		return nil, err
	}
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("signing key: unexpected public key %T", key.Public())
	}
	sum := sha256.Sum256(public)
	kid := strings.ToLower(base32.StdEncoding.EncodeToString(sum[:10]))
	known := false
	for k := range state.All[state.SigningKey](n.store.View(), "") {
		known = known || k.ID == kid
	}
	if !known {
		if _, err := n.ensure(ctx, &state.PutSigningKey{KID: kid, PublicKey: public, Node: string(n.cfg.NodeID)}); err != nil {
			return nil, fmt.Errorf("publish signing key: %w", err)
		}
	}
	return token.NewSigner(kid, key), nil
}

func signingKey(path string) (ed25519.PrivateKey, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return newSigningKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("signing key: %w", err)
	}
	if b, _ := pem.Decode(text); b != nil {
		if k, err := x509.ParsePKCS8PrivateKey(b.Bytes); err == nil {
			if key, ok := k.(ed25519.PrivateKey); ok {
				return key, nil
			}
		}
	}
	return nil, fmt.Errorf("signing key: %s holds no ed25519 key", path)
}

func newSigningKey(path string) (ed25519.PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, fmt.Errorf("signing key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("signing key: %w", err)
	}
	return key, ca.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// EnsurePlatform makes the platform's first API key, kept in the file api-key of the data directory, and
// returns it. Nodes of one voter secret make the same one. It is idempotent; an operator who has revoked that
// key gets it back from the file all the same, and it opens nothing.
func (n *Node) EnsurePlatform(ctx context.Context) (apiKey string, err error) {
	path := filepath.Join(n.cfg.Dir, fileAPIKey)
	var key apikey.Key
	text, err := os.ReadFile(path)
	switch {
	case err == nil:
		var ok bool
		if key, ok = apikey.Parse(strings.TrimSpace(string(text))); !ok {
			return "", fmt.Errorf("%s holds no API key", path)
		}
	case errors.Is(err, os.ErrNotExist):
		if key, err = n.firstKey(); err != nil {
			return "", err
		}
		if err := ca.WriteFile(path, []byte(key.Text()+"\n")); err != nil { // first: a key nobody knows is no use
			return "", fmt.Errorf("keep API key: %w", err)
		}
	default:
		return "", fmt.Errorf("read API key: %w", err)
	}
	if _, ok := state.Get[state.APIKey](n.store.View(), key.ID); ok {
		return key.Text(), nil
	}
	_, err = n.ensure(ctx, api.CreateKey(key, "", state.APIKeySpec{Name: "first key of the platform", Rate: firstKeyRate}))
	if err := existing(err); err != nil {
		return "", fmt.Errorf("create API key: %w", err)
	}
	return key.Text(), nil
}

// firstKey derives the first API key from the voter secret, where there is one.
func (n *Node) firstKey() (apikey.Key, error) {
	voters := n.authority.VoterSecret()
	if voters.IsZero() {
		return apikey.New(api.NewID(time.Now())), nil
	}
	name, err := voters.Derive("first key name", 8)
	if err != nil {
		return apikey.Key{}, err
	}
	secret, err := voters.Derive("first key", 32)
	if err != nil {
		return apikey.Key{}, err
	}
	key, ok := apikey.Parse(fmt.Sprintf("mrk_first-%x_%s", name, base64.RawURLEncoding.EncodeToString(secret)))
	if !ok {
		return key, errors.New("derive API key: unexpected form")
	}
	return key, nil
}

// EnsureDev makes a company for development (open rooms, default company) and the platform's API key.
// It is idempotent and leaves alone what was changed since.
func (n *Node) EnsureDev(ctx context.Context) (apiKey string, err error) {
	open := true
	_, err = n.ensure(ctx, state.Add(state.KindCompany, DevCompany, "", state.CompanySpec{Name: "Development", Settings: state.Settings{OpenRooms: &open}}))
	if err := existing(err); err != nil {
		return "", fmt.Errorf("create development company: %w", err)
	}
	if n.store.View().Platform().DefaultCompany == "" {
		if _, err := n.ensure(ctx, state.Default(DevCompany)); err != nil {
			return "", fmt.Errorf("set default company: %w", err)
		}
	}
	return n.EnsurePlatform(ctx)
}

// existing forgives that a thing is there already.
func existing(err error) error {
	if d, ok := errors.AsType[*state.Error](err); ok && d.Code == state.CodeConflict {
		return nil
	}
	return err
}
