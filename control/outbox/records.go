package outbox

import (
	"fmt"

	"github.com/meridian-video/meridian/control/history/record"
)

// Record keeps records of history as lines, see Put. One that breaks a rule of package record is left out, counted
// and logged: it could never be delivered, and the others must not suffer from it. It is then that done gets
// record.ErrInvalid, if the others are kept.
func (o *Outbox) Record(done func(error), records ...record.Record) {
	var invalid error
	lines := make([][]byte, 0, len(records))
	for _, r := range records {
		line, err := record.Encode(r)
		if err != nil {
			invalid = fmt.Errorf("record %.300s: %w", r.ID(), err)
			o.metrics.lost(record.ErrInvalid, 1)
			o.log.Error("record of history given up", "err", invalid)
			continue
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 && done == nil {
		return
	}
	o.Put(func(err error) {
		if err == nil {
			err = invalid
		}
		if done != nil {
			done(err)
		}
	}, lines...)
}
