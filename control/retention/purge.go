package retention

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/control/state"
)

const (
	// deliveryDays is how long deliveries and their notices are kept, which hold what webhooks were told.
	deliveryDays = 30
	// orphanDays is how long the history of a tenant is kept that was deleted. Sealed ledgers stay.
	orphanDays = 30
)

// Days is how long the history of an owner is kept: a company, reseller/<id>, or the platform for "".
func Days(v *state.View, owner string) history.Retention {
	settings, ok := settingsOf(v, owner)
	if !ok {
		return history.Retention{Sessions: orphanDays, Chat: orphanDays, Audit: orphanDays, Deliveries: deliveryDays}
	}
	return history.Retention{
		Sessions: days(settings.HistoryDays), Chat: days(settings.ChatDays), Audit: days(settings.AuditDays), Deliveries: deliveryDays,
	}
}

// settingsOf is what holds for an owner as a whole; false for one that is gone.
func settingsOf(v *state.View, owner string) (state.Settings, bool) {
	if owner == "" {
		return v.Platform().Settings, true
	}
	if id, ok := strings.CutPrefix(owner, string(state.KindReseller)+"/"); ok {
		_, found := state.Get[state.Reseller](v, id)
		return v.Settings(state.Company{CompanySpec: state.CompanySpec{Reseller: id}}, state.Room{}), found
	}
	c, found := state.Get[state.Company](v, owner)
	return v.Settings(c, state.Room{}), found
}

func days(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}

// Purge deletes what is no longer kept, tenant by tenant and in small transactions, until nothing is left to go or
// ctx ends. A tenant that fails does not keep the others waiting.
func Purge(ctx context.Context, h *history.Store, v *state.View, now time.Time) (p history.Purged, err error) {
	for owner := ""; ; {
		some, failed := h.Purge(ctx, owner, Days(v, owner), now)
		p, err = p.Plus(some), errors.Join(err, failed)
		next, failed := h.NextTenant(ctx, owner)
		if failed != nil || next == "" || ctx.Err() != nil {
			return p, errors.Join(err, failed)
		}
		owner = next
	}
}
