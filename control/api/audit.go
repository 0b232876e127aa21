package api

import (
	"context"
	"net/http"
	"time"

	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/control/history/record"
)

// AuditEvent says who changed what. Values are not kept: they may be secret.
type AuditEvent struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Actor   string    `json:"actor" doc:"key:… of an API key, user:… of a user, node:… of a node."`
	Action  string    `json:"action" example:"room.update"`
	Kind    string    `json:"kind" doc:"Of the thing." example:"room"`
	Object  string    `json:"object" doc:"Id of the thing."`
	Request string    `json:"request,omitempty" doc:"X-Request-Id of the call."`
	Fields  []string  `json:"fields,omitempty" doc:"That were written."`
}

// AuditQuery narrows changes down.
type AuditQuery struct {
	Actor  string `query:"actor" maxLength:"256" doc:"Changes by this one." example:"key:01jd5s3c8v0000000000000010"`
	Kind   string `query:"kind" maxLength:"64" doc:"Changes of things of this kind." example:"room"`
	Object string `query:"object" maxLength:"256" doc:"Changes of the thing with this id; only with kind."`
	SpanQuery
	PastQuery
}

type companyAuditIn struct {
	CompanyPath
	AuditQuery
}

type resellerAuditIn struct {
	Reseller string `path:"reseller" doc:"Id of the reseller."`
	AuditQuery
}

func (a *API) registerAudit() {
	o := operation{
		method: http.MethodGet, tag: "audit", scope: "audit:read", status: http.StatusOK,
		about: "An event is here within a second of the change.",
		answer: Page[AuditEvent]{Items: []AuditEvent{{
			ID: "01jd5s3c8v0000000000000000.00000000000000000017", At: exampleStart, Actor: "key:" + exampleID("api_key"), Action: "room.create",
			Kind: "room", Object: exampleID("room"), Request: exampleID("request"), Fields: []string{"public_id"},
		}}},
	}
	o.path, o.id, o.summary = "/companies/{company}/audit", "list-audit", "List changes of a company's things, the newest first"
	register(a, o, func(ctx context.Context, in *companyAuditIn) (*pageOut[AuditEvent], error) {
		return a.audit(ctx, ofCompany, in.AuditQuery)
	})
	o.path, o.id, o.summary = "/resellers/{reseller}/audit", "list-reseller-audit", "List changes of a reseller's own things, the newest first"
	register(a, o, func(ctx context.Context, in *resellerAuditIn) (*pageOut[AuditEvent], error) {
		if callOf(ctx).reach < reachReseller {
			return nil, forbidden(ctx, "This needs a key of more reach.")
		}
		return a.audit(ctx, ofReseller, in.AuditQuery)
	})
	o.path, o.id, o.summary = "/audit", "list-platform-audit", "List changes of the platform's own things, the newest first"
	register(a, o, func(ctx context.Context, in *AuditQuery) (*pageOut[AuditEvent], error) {
		if err := platformOnly(ctx); err != nil {
			return nil, err
		}
		return a.audit(ctx, ofPlatform, *in)
	})
}

func (a *API) audit(ctx context.Context, p place, in AuditQuery) (*pageOut[AuditEvent], error) {
	owner, _, err := p.find(ctx, callOf(ctx))
	if err != nil {
		return nil, err
	}
	if in.Object != "" && in.Kind == "" {
		return nil, invalid(ctx, "object", "is understood with kind alone")
	}
	if err := plain(ctx, map[string]string{"actor": in.Actor, "kind": in.Kind, "object": in.Object}); err != nil {
		return nil, err
	}
	rows, next, err := a.history.Audit(ctx, history.AuditFilter{
		Company: owner, Actor: in.Actor, Object: record.Object{Kind: in.Kind, ID: in.Object}, From: in.Since, To: in.Until,
	}, in.page())
	return pageOf(rows, next, showAudit), err
}

func showAudit(e record.Audit) AuditEvent {
	out := AuditEvent{ID: e.Event, At: e.At, Actor: e.Actor, Action: e.Action, Kind: e.Object.Kind, Object: e.Object.ID, Request: e.Request}
	for _, c := range e.Changes {
		out.Fields = append(out.Fields, c.Field)
	}
	return out
}
