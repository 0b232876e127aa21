package journey

import (
	"context"
	"errors"
	"testing"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/testbed/client"
)

// TestALostSocketTouchesNoMedia: a socket that is lost is opened again, and what
// was missed is there, while sound and pictures go on as they were: without an
// offer, and without anybody seeing it.
func TestALostSocketTouchesNoMedia(t *testing.T) {
	n := start(t, "fra", "iad")
	o := client.Options{Room: "socket", Name: "Ann", Media: both, Hear: signal.HearLoudest}
	bob := n.join("iad", client.Options{Room: "socket", Name: "Bob", Media: both, Hear: signal.HearLoudest})
	ann := n.join("fra", o) // second: her slots begin with him
	n.send(ann, client.Video{})
	n.send(bob, client.Video{})
	n.gets(ann.VideoSlot(0), 20)
	n.gets(ann.AudioSlot(0), 20)
	n.gets(bob.AudioSlot(0), 20)

	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	o.WS = n.ws("fra")
	for _, drop := range []bool{true, false} { // also when the node has not noticed yet
		if drop {
			ann.DropSocket()
		}
		if _, err := bob.Chat(ctx, "while she was away"+o.WS, "missed"); err != nil {
			t.Fatal(err)
		}
		missing := ann.VideoSlot(0).Missing()
		if err := ann.Reopen(ctx, o); err != nil {
			t.Fatal(err)
		}
		if chat := ann.State().Chat; len(chat) != 1 || chat[0].Text != "missed" {
			t.Errorf("she knows %v", chat)
		}
		n.gets(ann.VideoSlot(0), ann.VideoSlot(0).Packets.Load()+50)
		n.gets(bob.AudioSlot(0), bob.AudioSlot(0).Packets.Load()+50)
		if lost := ann.VideoSlot(0).Missing() - missing; lost > 0 {
			t.Errorf("%d packets were lost", lost)
		}
	}
	if _, err := ann.Chat(ctx, "back", "I am here"); err != nil {
		t.Error(err)
	}
	n.until(bob, "he has her message", func(s client.State) bool { return len(s.Chat) == 2 })
	n.until(ann, "she hears of him", func(s client.State) bool { return len(s.Chat) == 2 })
	n.until(ann, "she is told what she gets", func(s client.State) bool { return len(s.Layers) > 0 })
	if s := bob.State(); len(s.Shaken)+len(s.Gone) > 0 {
		t.Errorf("he saw %v reconnecting and %v go", s.Shaken, s.Gone)
	}
	if ann.Negotiations() != 1 {
		t.Errorf("%d offers", ann.Negotiations())
	}

	// Another node, and a node where the media is gone, take nothing up.
	o.WS = n.ws("iad")
	if err := ann.Reopen(ctx, o); code(err) != signal.ResumeInvalid {
		t.Errorf("elsewhere: %v", err)
	}
	ann.Close()
	n.until(bob, "she is seen to be away", func(s client.State) bool { return len(s.Shaken) > 0 })
	gone, err := client.Dial(ctx, client.Options{WS: n.ws("fra"), Room: "socket", Name: "Ann", Resume: ann.Joined.Resume})
	if err != nil {
		t.Fatalf("the ticket is good for a new attachment: %v", err)
	}
	gone.Close()
	var refused *client.Refusal
	if err := ann.Reopen(ctx, o); err == nil || errors.As(err, &refused) {
		t.Errorf("a closed client: %v", err)
	}
}
