//go:build !linux

package postgres

import "syscall"

// dieWithUs is known to Linux only.
func dieWithUs(*syscall.SysProcAttr) {}
