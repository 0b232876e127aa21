package store

import (
	"context"
	"log/slog"

	"github.com/hashicorp/go-hclog"
)

// raftLogger lets Raft write to slog. What it does not override is hclog's null logger.
type raftLogger struct {
	hclog.Logger
	log *slog.Logger
}

func newRaftLogger(log *slog.Logger) hclog.Logger {
	return &raftLogger{hclog.NewNullLogger(), log.With("component", "raft")}
}

var slogLevels = map[hclog.Level]slog.Level{
	hclog.Trace: slog.LevelDebug - 4, hclog.Debug: slog.LevelDebug, hclog.Info: slog.LevelInfo,
	hclog.Warn: slog.LevelWarn, hclog.Error: slog.LevelError,
}

// Log implements hclog.Logger.
func (l *raftLogger) Log(level hclog.Level, msg string, args ...any) {
	l.log.Log(context.Background(), slogLevels[level], msg, args...)
}

// Trace implements hclog.Logger.
func (l *raftLogger) Trace(msg string, args ...any) { l.Log(hclog.Trace, msg, args...) }

// Debug implements hclog.Logger.
func (l *raftLogger) Debug(msg string, args ...any) { l.Log(hclog.Debug, msg, args...) }

// Info implements hclog.Logger. Raft's informational lines (elections, votes) are our debug lines.
func (l *raftLogger) Info(msg string, args ...any) { l.Log(hclog.Debug, msg, args...) }

// Warn implements hclog.Logger.
func (l *raftLogger) Warn(msg string, args ...any) { l.Log(hclog.Warn, msg, args...) }

// Error implements hclog.Logger.
func (l *raftLogger) Error(msg string, args ...any) { l.Log(hclog.Error, msg, args...) }

// With implements hclog.Logger.
func (l *raftLogger) With(args ...any) hclog.Logger {
	return &raftLogger{l.Logger, l.log.With(args...)}
}

// Named implements hclog.Logger.
func (l *raftLogger) Named(name string) hclog.Logger {
	return &raftLogger{l.Logger, l.log.With("part", name)}
}

// ResetNamed implements hclog.Logger.
func (l *raftLogger) ResetNamed(name string) hclog.Logger { return l.Named(name) }
