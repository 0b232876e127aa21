// Package gcore is what G-Core's partners call of control, in their words: statistics of past meetings. It reads
// and writes names; whose key it is, control/api knows, and what was, control/history.
package gcore
