package postgres

import "syscall"

// dieWithUs ends the server when the tests' process is killed, so that none is left behind.
func dieWithUs(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGINT }
