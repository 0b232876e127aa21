package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"time"

	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/control/notify"
	"github.com/meridian-video/meridian/control/notify/queue"
	"github.com/meridian-video/meridian/control/notify/webhook"
)

// send is the process that is killed.
func send(ctx context.Context, text string) error {
	var o options
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	store, err := history.Open(ctx, o.Database)
	if err != nil {
		return err
	}
	carrier := &notify.Webhooks{Directory: directory{o.Receiver}, Sender: &webhook.Sender{Client: o.guard().Client(answerTimeout)}}
	s, err := notify.NewSender(queue.New(store), map[queue.Kind]notify.Carrier{queue.Webhook: carrier}, o.config(), time.Now,
		slog.New(slog.NewTextHandler(os.Stderr, nil)), nil)
	if err != nil {
		return errors.Join(err, store.Close())
	}
	err = s.Run(ctx)
	return errors.Join(err, store.Close())
}

// victim starts a sender.
func victim(o options) (*exec.Cmd, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(os.Args[0], senderWord, string(text))
	cmd.Stderr = os.Stderr
	return cmd, cmd.Start()
}

// kill ends a sender as a power cut does.
func kill(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}
