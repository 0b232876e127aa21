package api

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"iter"
	"net/http"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/control/state"
)

// Usage is what a company used in a month: the stays that began in it.
type Usage struct {
	Company            string `json:"company"`
	Month              string `json:"month" example:"2026-10"`
	Sessions           int    `json:"sessions" doc:"With somebody in them."`
	Participants       int    `json:"participants" doc:"Different peer ids."`
	Stays              int    `json:"stays"`
	ParticipantSeconds int64  `json:"participant_seconds" doc:"Of all stays, a multiple of 30."`
}

// LedgerKey is a public key that checks ledgers.
type LedgerKey struct {
	ID        string `json:"id" doc:"As a ledger's last line names it."`
	PublicKey string `json:"public_key" doc:"Ed25519, PEM."`
}

type usageIn struct {
	Company string `path:"company" doc:"Id of the company."`
	Month   string `query:"month" maxLength:"7" doc:"A month in UTC; absent = the running one." example:"2026-10"`
}

// UsageQuery is the month and the page of a list of usage.
type UsageQuery struct {
	Month  string `query:"month" maxLength:"7" doc:"A month in UTC; absent = the running one." example:"2026-10"`
	Limit  int    `query:"limit" minimum:"1" maximum:"50" default:"20" doc:"Companies per page."`
	Cursor string `query:"cursor" maxLength:"400" doc:"next_cursor of the page before; opaque."`
}

type resellerUsageIn struct {
	Reseller string `path:"reseller" doc:"Id of the reseller."`
	UsageQuery
}

type ledgerPath struct {
	Company string `path:"company" doc:"Id of the company."`
	Month   string `path:"month" doc:"A month in UTC that is over for three days."`
}

// CompanyPath names a company.
type CompanyPath struct {
	Company string `path:"company" doc:"Id of the company."`
}

type usageOut struct{ Body Usage }

func (a *API) registerLedgers() {
	const path = "/companies/{company}/usage"
	used := Usage{Company: "acme", Month: "2026-10", Sessions: 420, Participants: 96, Stays: 2310, ParticipantSeconds: 4158000}
	register(a, operation{
		method: http.MethodGet, path: path, id: "get-usage", summary: "Get what a company used in a month", tag: "usage", scope: "usage:read",
		status: http.StatusOK, answer: used, about: "The sum of the rows of statistics. What arrives late is counted until the month is sealed and after.",
	}, heavy(a, a.getUsage))
	register(a, operation{
		method: http.MethodGet, path: path + "/keys", id: "list-ledger-keys", summary: "List the public keys that check ledgers", tag: "usage", scope: "usage:read",
		status: http.StatusOK, answer: Page[LedgerKey]{Items: []LedgerKey{{ID: "q2w3e4r5t6y7u8i9", PublicKey: "-----BEGIN PUBLIC KEY-----\n…\n-----END PUBLIC KEY-----\n"}}},
	}, a.listLedgerKeys)
	register(a, operation{
		method: http.MethodGet, path: path + "/{month}/ledger", id: "get-ledger", summary: "Get a company's signed usage ledger", tag: "usage", scope: "usage:read",
		status: http.StatusOK, binary: true,
		about: "Lines of JSON, signed with Ed25519 and chained to the ledger before; `meridian usage verify` checks it. The first call seals the " +
			"month, three days after its end at the earliest; from then on it is the same bytes.",
	}, heavy(a, a.getLedger))
	register(a, operation{
		method: http.MethodGet, path: "/resellers/{reseller}/usage", id: "list-reseller-usage", summary: "List what the companies of a reseller used in a month",
		tag: "usage", scope: "usage:read", status: http.StatusOK, answer: Page[Usage]{Items: []Usage{used}},
	}, heavy(a, func(ctx context.Context, in *resellerUsageIn) (*pageOut[Usage], error) {
		if callOf(ctx).reach < reachReseller {
			return nil, forbidden(ctx, "This needs a key of more reach.")
		}
		owner, _, err := ofReseller.find(ctx, callOf(ctx))
		if err != nil {
			return nil, err
		}
		return a.listUsage(ctx, in.UsageQuery, func(from string) iter.Seq[state.Company] {
			return state.List[state.Company](callOf(ctx).view, owner, from)
		})
	}))
	register(a, operation{
		method: http.MethodGet, path: "/usage", id: "list-usage", summary: "List what all companies used in a month", tag: "usage", scope: "usage:read",
		status: http.StatusOK, answer: Page[Usage]{Items: []Usage{used}},
	}, heavy(a, func(ctx context.Context, in *UsageQuery) (*pageOut[Usage], error) {
		if err := platformOnly(ctx); err != nil {
			return nil, err
		}
		return a.listUsage(ctx, *in, func(from string) iter.Seq[state.Company] { return state.All[state.Company](callOf(ctx).view, from) })
	}))
}

// monthOf reads a month; the running one where nothing is said.
func monthOf(ctx context.Context, text string) (history.Month, error) {
	if text == "" {
		return history.MonthOf(callOf(ctx).at), nil
	}
	return history.ParseMonth(text)
}

func (a *API) getUsage(ctx context.Context, in *usageIn) (*usageOut, error) {
	of, err := companyOf(ctx)
	if err != nil {
		return nil, err
	}
	month, err := monthOf(ctx, in.Month)
	if err != nil {
		return nil, err
	}
	u, err := a.history.Usage(ctx, of.ID, month)
	return &usageOut{showUsage(of.ID, month, u)}, err
}

// listUsage asks about one company after the other: a page has few.
func (a *API) listUsage(ctx context.Context, in UsageQuery, walk func(from string) iter.Seq[state.Company]) (*pageOut[Usage], error) {
	month, err := monthOf(ctx, in.Month)
	if err != nil {
		return nil, err
	}
	from, err := PageQuery{Cursor: in.Cursor}.start(ctx)
	if err != nil {
		return nil, err
	}
	companies := page(walk(from), from, in.Limit, idOf[state.Company], idOf[state.Company])
	out := &pageOut[Usage]{Page[Usage]{Items: []Usage{}, NextCursor: companies.Body.NextCursor}}
	for _, id := range companies.Body.Items {
		u, err := a.history.Usage(ctx, id, month)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, showUsage(id, month, u))
	}
	return out, nil
}

func showUsage(company string, month history.Month, u history.Usage) Usage {
	return Usage{Company: company, Month: string(month), Sessions: u.Sessions, Participants: u.People, Stays: u.Stays, ParticipantSeconds: u.Seconds}
}

func (a *API) listLedgerKeys(ctx context.Context, _ *CompanyPath) (*pageOut[LedgerKey], error) {
	if _, err := companyOf(ctx); err != nil {
		return nil, err
	}
	keys := slices.Collect(state.All[state.SigningKey](callOf(ctx).view, ""))
	return pageOf(keys, "", func(k state.SigningKey) LedgerKey {
		der, _ := x509.MarshalPKIXPublicKey(ed25519.PublicKey(k.PublicKey)) // of a known form
		return LedgerKey{ID: k.ID, PublicKey: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))}
	}), nil
}

func (a *API) getLedger(ctx context.Context, in *ledgerPath) (*huma.StreamResponse, error) {
	of, err := companyOf(ctx)
	if err != nil {
		return nil, err
	}
	month, err := history.ParseMonth(in.Month)
	if err != nil {
		return nil, err
	}
	content, err := a.history.Seal(ctx, of.ID, month, a.now(), a.ledgerKey)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(w huma.Context) {
		w.SetHeader("Content-Type", typeBinary)
		w.SetHeader("Content-Length", strconv.Itoa(len(content)))
		w.SetHeader("Content-Disposition", `attachment; filename="usage-`+string(month)+`.ndjson"`)
		_, _ = w.BodyWriter().Write(content) // the client is gone: nobody to tell
	}}, nil
}
