package spec

// open are the rows of the page that are still to be shown. A row that has a
// test has to leave this list, so it only shrinks.
var open = []string{}
