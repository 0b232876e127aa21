// Command report reads what `go test -json` prints and says what a person needs:
// a line per package, why tests failed, and the counts.
//
//	go test -json ./... | report [-counts FILE] [-failures FILE] [-outputs DIR]
//
// With -counts it appends "passed failed skipped" to a file, for the sum over
// several runs, with -failures a line per failed test; with -outputs it leaves
// the whole output of each failed test in a directory, of which it prints at
// most 40 lines. It exits with 1 when anything failed or nothing was read. It
// runs no tests and knows nothing of Meridian.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

func main() {
	counts := flag.String("counts", "", "append the counts to this file")
	failures := flag.String("failures", "", "append a line per failed test to this file")
	outputs := flag.String("outputs", "", "leave whole outputs of failed tests in this directory")
	flag.Parse()
	r := newReport(os.Stdout)
	r.outputs = *outputs
	if err := errors.Join(r.read(os.Stdin), r.end(*counts, *failures)); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
	if r.failed > 0 || r.packages == 0 {
		os.Exit(1)
	}
}

// end prints what is known at the end, and appends it to files that have a name.
func (r *report) end(counts, failures string) (err error) {
	r.finish()
	if counts != "" {
		err = r.appendCounts(counts)
	}
	if failures != "" {
		err = errors.Join(err, r.appendFailures(failures))
	}
	return err
}
