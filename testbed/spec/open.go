package spec

// open are the rows that are due and still to be shown, and what each lacks. A row
// that has a test has to leave this list, so it only shrinks.
var open = map[string]string{}
