//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

type figuresCommand struct {
	File string `arg:"" placeholder:"FILE.json" help:"What sfu --json wrote."`
}

// Run draws a report on standard output.
func (c *figuresCommand) Run() error {
	b, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("%w: %w (make it with: sfu --json %s)", errRefused, err, c.File)
	}
	var r Report
	if err := json.Unmarshal(b, &r); err != nil {
		return fmt.Errorf("%w: %s is not what sfu --json writes: %w", errRefused, c.File, err)
	}
	if len(r.Results) == 0 {
		return fmt.Errorf("%w: %s holds no results", errRefused, c.File)
	}
	_, err = io.WriteString(os.Stdout, draw(&r))
	return err
}
