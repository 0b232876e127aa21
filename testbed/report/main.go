// Command report reads what `go test -json` prints and says what a person needs:
// a line per package, the whole output of what failed, and the counts.
//
//	go test -json ./... | report [-counts FILE]
//
// With -counts it appends "passed failed skipped" to a file, for the sum over
// several runs. It exits with 1 when anything failed or nothing was read. It
// runs no tests and knows nothing of Meridian.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	counts := flag.String("counts", "", "append the counts to this file")
	flag.Parse()
	r := newReport(os.Stdout)
	if err := r.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
	r.finish()
	if *counts != "" {
		if err := r.appendCounts(*counts); err != nil {
			fmt.Fprintln(os.Stderr, "report:", err)
			os.Exit(1)
		}
	}
	if r.failed > 0 || r.packages == 0 {
		os.Exit(1)
	}
}
