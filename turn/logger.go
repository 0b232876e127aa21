package turn

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/pion/logging"
)

// loggers hands the libraries' messages to slog. They are written per packet
// and per hostile datagram, so everything becomes debug: what matters of an
// allocation is counted by the Server itself.
type loggers struct{ log *slog.Logger }

func (l loggers) NewLogger(scope string) logging.LeveledLogger {
	return leveled{l.log.With("scope", scope)}
}

type leveled struct{ log *slog.Logger }

func (l leveled) print(msg string) { l.log.Debug(msg) }

func (l leveled) printf(format string, args []any) {
	if l.log.Enabled(context.Background(), slog.LevelDebug) && !strings.Contains(strings.ToLower(format), "pwd") {
		l.log.Debug(fmt.Sprintf(format, args...))
	}
}

// Trace messages hold one line per packet and are dropped.
func (l leveled) Trace(string)                      {}
func (l leveled) Tracef(string, ...any)             {}
func (l leveled) Debug(msg string)                  { l.print(msg) }
func (l leveled) Debugf(format string, args ...any) { l.printf(format, args) }
func (l leveled) Info(msg string)                   { l.print(msg) }
func (l leveled) Infof(format string, args ...any)  { l.printf(format, args) }
func (l leveled) Warn(msg string)                   { l.print(msg) }
func (l leveled) Warnf(format string, args ...any)  { l.printf(format, args) }
func (l leveled) Error(msg string)                  { l.print(msg) }
func (l leveled) Errorf(format string, args ...any) { l.printf(format, args) }
