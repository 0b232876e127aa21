package api

import (
	"context"
	"iter"
	"net/http"
	"time"

	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/token"
)

// listOwned lists one kind of a company's entities.
func listOwned[E, T any](
	ctx context.Context, in *ownedQuery, walk func(v *state.View, company, at string) iter.Seq[E], id func(E) string, show func(E) T,
) (*pageOut[T], error) {
	if _, err := company(ctx, in.Company); err != nil {
		return nil, err
	}
	start, err := in.start(ctx)
	if err != nil {
		return nil, err
	}
	return page(walk(callOf(ctx).view, in.Company, start), start, in.Limit, id, show), nil
}

type keyIn struct {
	CompanyPath
	Body struct {
		Name string `json:"name,omitempty" maxLength:"200"`
		PEM  string `json:"pem" minLength:"1" maxLength:"8192" doc:"RSA public key of at least 2048 bits."`
	}
}

// KeyPath names a token key.
type KeyPath struct {
	CompanyPath
	Key string `path:"key" maxLength:"64" doc:"The key's id, which tokens may name as kid."`
}

type keyPatch struct {
	KeyPath
	Body struct {
		Name   *string `json:"name,omitempty" maxLength:"200"`
		Active *bool   `json:"active,omitempty" doc:"False takes the key out of use until it is true again."`
	}
}

type keyOut struct{ Body state.TenantKey }

func (a *api) registerKeys() {
	const list, one = "/companies/{company}/keys", "/companies/{company}/keys/{key}"
	register(a, operation(http.MethodGet, list, "list-keys", "List a company's token keys", "keys", 0),
		func(ctx context.Context, in *ownedQuery) (*pageOut[state.TenantKey], error) {
			return listOwned(ctx, in, (*state.View).TenantKeys, func(k state.TenantKey) string { return k.ID }, same)
		})
	register(a, operation(http.MethodPost, list, "create-key", "Add a public key for tokens", "keys", 201), a.createKey)
	register(a, operation(http.MethodGet, one, "get-key", "Read a token key", "keys", 0),
		func(ctx context.Context, in *KeyPath) (*keyOut, error) {
			k, err := tenantKey(ctx, in)
			return &keyOut{k}, err
		})
	register(a, operation(http.MethodPatch, one, "update-key", "Rename a token key, or take it out of use", "keys", 0),
		func(ctx context.Context, in *keyPatch) (*keyOut, error) {
			if _, err := tenantKey(ctx, &in.KeyPath); err != nil {
				return nil, err
			}
			k, err := propose[state.TenantKey](ctx, a, &state.UpdateTenantKey{
				Company: in.Company, ID: in.Key, Label: in.Body.Name, Active: in.Body.Active,
			})
			return &keyOut{k}, err
		})
	register(a, operation(http.MethodDelete, one, "revoke-key", "Revoke a token key for good", "keys", 204),
		func(ctx context.Context, in *KeyPath) (*empty, error) {
			if _, err := tenantKey(ctx, in); err != nil {
				return nil, err
			}
			_, err := propose[state.TenantKey](ctx, a, &state.RevokeTenantKey{Company: in.Company, ID: in.Key})
			return nil, err
		})
}

func tenantKey(ctx context.Context, in *KeyPath) (state.TenantKey, error) {
	if _, err := company(ctx, in.Company); err != nil {
		return state.TenantKey{}, err
	}
	k, ok := callOf(ctx).view.TenantKey(in.Key)
	if !ok || k.Company != in.Company {
		return state.TenantKey{}, notFound(ctx)
	}
	return k, nil
}

func (a *api) createKey(ctx context.Context, in *keyIn) (*keyOut, error) {
	if _, err := company(ctx, in.Company); err != nil {
		return nil, err
	}
	if _, err := token.ParsePublicKey([]byte(in.Body.PEM)); err != nil {
		return nil, invalid(ctx, "pem", err.Error())
	}
	k, err := propose[state.TenantKey](ctx, a, &state.CreateTenantKey{
		ID: NewID(a.now()), Company: in.Company, Label: in.Body.Name, PEM: in.Body.PEM,
	})
	return &keyOut{k}, err
}

// APIKey is an API key as listed: without its secret.
type APIKey struct {
	ID        string     `json:"id"`
	Company   string     `json:"company,omitempty" doc:"Absent: a key of the platform."`
	Name      string     `json:"name,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
	Revoked   *time.Time `json:"revoked,omitempty"`
}

// NewAPIKey is an API key as created.
type NewAPIKey struct {
	APIKey
	Key string `json:"key" doc:"The key itself. It is shown this once."`
}

func showAPIKey(k state.APIKey) APIKey {
	return APIKey{ID: k.ID, Company: k.Company, Name: k.Name, CreatedAt: k.CreatedAt, Revoked: k.Revoked}
}

type apiKeyBody struct {
	Name string `json:"name,omitempty" maxLength:"200"`
}

type apiKeyIn struct {
	CompanyPath
	Body apiKeyBody
}

type platformKeyIn struct{ Body apiKeyBody }

type apiKeyPath struct {
	CompanyPath
	Key string `path:"key" maxLength:"64"`
}

type platformKeyPath struct {
	Key string `path:"key" maxLength:"64"`
}

type newAPIKeyOut struct{ Body NewAPIKey }

func apiKeyID(k state.APIKey) string { return k.ID }

func (a *api) registerAPIKeys() {
	const list, own = "/companies/{company}/api-keys", "/api-keys"
	register(a, operation(http.MethodGet, list, "list-api-keys", "List a company's API keys", "api-keys", 0),
		func(ctx context.Context, in *ownedQuery) (*pageOut[APIKey], error) {
			return listOwned(ctx, in, (*state.View).APIKeys, apiKeyID, showAPIKey)
		})
	register(a, operation(http.MethodPost, list, "create-api-key", "Create an API key of a company", "api-keys", 201),
		func(ctx context.Context, in *apiKeyIn) (*newAPIKeyOut, error) {
			if _, err := company(ctx, in.Company); err != nil {
				return nil, err
			}
			return a.createAPIKey(ctx, in.Company, in.Body.Name)
		})
	register(a, operation(http.MethodDelete, list+"/{key}", "revoke-api-key", "Revoke an API key of a company", "api-keys", 204),
		func(ctx context.Context, in *apiKeyPath) (*empty, error) {
			if _, err := company(ctx, in.Company); err != nil {
				return nil, err
			}
			_, err := propose[state.APIKey](ctx, a, &state.RevokeAPIKey{Company: in.Company, ID: in.Key})
			return nil, err
		})
	register(a, operation(http.MethodGet, own, "list-platform-api-keys", "List the platform's API keys", "api-keys", 0),
		func(ctx context.Context, in *PageQuery) (*pageOut[APIKey], error) {
			if err := platformOnly(ctx); err != nil {
				return nil, err
			}
			start, err := in.start(ctx)
			if err != nil {
				return nil, err
			}
			return page(callOf(ctx).view.APIKeys("", start), start, in.Limit, apiKeyID, showAPIKey), nil
		})
	register(a, operation(http.MethodPost, own, "create-platform-api-key", "Create an API key of the platform", "api-keys", 201),
		func(ctx context.Context, in *platformKeyIn) (*newAPIKeyOut, error) {
			if err := platformOnly(ctx); err != nil {
				return nil, err
			}
			return a.createAPIKey(ctx, "", in.Body.Name)
		})
	register(a, operation(http.MethodDelete, own+"/{key}", "revoke-platform-api-key", "Revoke an API key of the platform", "api-keys", 204),
		func(ctx context.Context, in *platformKeyPath) (*empty, error) {
			if err := platformOnly(ctx); err != nil {
				return nil, err
			}
			_, err := propose[state.APIKey](ctx, a, &state.RevokeAPIKey{ID: in.Key})
			return nil, err
		})
}

func (a *api) createAPIKey(ctx context.Context, company, name string) (*newAPIKeyOut, error) {
	key := NewKey(a.now())
	k, err := propose[state.APIKey](ctx, a, &state.CreateAPIKey{ID: key.ID, Company: company, Label: name, SecretHash: key.Hash()})
	if err != nil {
		return nil, err
	}
	return &newAPIKeyOut{NewAPIKey{showAPIKey(k), key.Text()}}, nil
}
