package spec

import (
	"errors"
	"fmt"
)

// Judge holds the requirements against what the tests say they cover, and joins
// all complaints. An open row is one that is due and has neither a test nor an
// excuse; it must be listed with what it lacks, and as soon as it has a test it
// must not be.
func Judge(lists []List, covers []Cover, open map[string]string) error {
	rows, err := index(lists)
	complaints := []error{err}
	complain := func(format string, args ...any) { complaints = append(complaints, fmt.Errorf(format, args...)) }
	tested := make(map[string]bool)
	for _, c := range covers {
		tested[c.ID] = true
		if _, ok := rows[c.ID]; !ok {
			complain("%s: %s covers %s, which no list has", c.File, c.Test, c.ID)
		}
	}
	for id, lacks := range open {
		if _, ok := rows[id]; !ok {
			complain("%s is open, and no list has it", id)
		}
		if lacks == "" {
			complain("%s is open, and nothing says what it lacks", id)
		}
	}
	for _, list := range lists {
		for _, r := range list.Rows {
			switch _, listed := open[r.ID]; {
			case tested[r.ID] && listed:
				complain("%s (%s) has a test: take it out of the open ones", r.ID, r.Feature)
			case tested[r.ID] && r.Excuse != "":
				complain("%s (%s) has a test, and needs no excuse", r.ID, r.Feature)
			case listed && (!r.due() || r.Excuse != ""):
				complain("%s (%s) is open, and nobody waits for it: %s", r.ID, r.Feature, why(r, ""))
			case r.due() && r.Excuse == "" && !tested[r.ID] && !listed:
				complain("%s (%s) has no test", r.ID, r.Feature)
			}
		}
	}
	return errors.Join(complaints...)
}

// index finds rows by id, which are to be well formed and unique.
func index(lists []List) (rows map[string]Requirement, err error) {
	rows = make(map[string]Requirement)
	for _, list := range lists {
		for _, r := range list.Rows {
			if _, twice := rows[r.ID]; twice || !wellFormed.MatchString(r.ID) {
				err = errors.Join(err, fmt.Errorf("%s stands twice or is no id", r.ID))
			}
			rows[r.ID] = r
		}
	}
	return rows, err
}

// why is what stands in place of tests.
func why(r Requirement, lacks string) string {
	switch {
	case r.Excuse != "":
		return string(r.Excuse)
	case lacks != "":
		return "**open**: " + lacks
	case r.due():
		return "**open**"
	}
	return "with the " + string(r.Place) + " requirements"
}
