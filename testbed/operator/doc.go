// Package operator drives the real binary as the person does who runs it: flags
// and files, what is printed, exit codes, signals, certificates, logs. What
// people in meetings see is tested elsewhere.
package operator
