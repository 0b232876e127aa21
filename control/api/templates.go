package api

import (
	"context"

	"github.com/meridian-video/meridian/control/notify/letter"
	"github.com/meridian-video/meridian/control/state"
)

func (a *API) templateResources() {
	add(a, resource[state.Template, state.TemplateSpec]{
		kind: state.KindTemplate, place: ofCompany, path: "templates", one: "template", many: "a company's own wordings of letters", verbs: canAll,
		create: `{"letter":"invitation","language":"en","text":"{{define \"subject\"}}Your appointment: {{.Subject}}{{end}}"}`,
		change: `{"text":"{{define \"subject\"}}Your appointment with {{.Organizer}}{{end}}"}`,
		prepare: func(_ *API, ctx context.Context, d *draft[state.Template]) error {
			if d.deleting || !d.set.has("text") {
				return nil
			}
			if err := letter.Check(d.set.text("text")); err != nil {
				return invalid(ctx, "text", err.Error())
			}
			return nil
		},
	})
}
