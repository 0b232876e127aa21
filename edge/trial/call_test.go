package trial

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/edge/rtc"
)

func socket(t *testing.T) net.PacketConn {
	t.Helper()
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func engine(t *testing.T) (*rtc.Engine, net.PacketConn) {
	t.Helper()
	media := socket(t)
	e, err := rtc.New(rtc.Config{Media: media, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e, media
}

func answering(t *testing.T, e *rtc.Engine) func(context.Context, string) (string, error) {
	return func(ctx context.Context, offer string) (string, error) {
		tr, err := e.Accept(ctx, rtc.Offer{SDP: offer, Name: "trial"})
		if err != nil {
			return "", err
		}
		t.Cleanup(func() { tr.Close(nil) })
		return tr.Answer(), nil
	}
}

func TestACallComesThroughToANodeThatPassesMedia(t *testing.T) {
	e, _ := engine(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := Call(ctx, socket(t), answering(t, e)); err != nil {
		t.Error(err)
	}
}

func TestACallFailsWhereNobodyAnswersAtTheAddress(t *testing.T) {
	e, media := engine(t)
	silent := socket(t)
	defer silent.Close()
	elsewhere := func(ctx context.Context, offer string) (string, error) {
		answer, err := answering(t, e)(ctx, offer)
		port := func(c net.PacketConn) string {
			_, p, _ := net.SplitHostPort(c.LocalAddr().String())
			return " " + p + " typ"
		}
		return strings.ReplaceAll(answer, port(media), port(silent)), err
	}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if err := Call(ctx, socket(t), elsewhere); !errors.Is(err, ErrNoMedia) || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "checks") {
		t.Error(err)
	}
}

func TestACallFailsWhereSomebodyElseShakesHands(t *testing.T) {
	e, _ := engine(t)
	other := func(ctx context.Context, offer string) (string, error) {
		answer, err := answering(t, e)(ctx, offer)
		i := strings.Index(answer, "sha-256 ") + len("sha-256 ")
		return answer[:i] + "00:11" + answer[i+5:], err
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := Call(ctx, socket(t), other); !errors.Is(err, ErrNoMedia) || !strings.Contains(err.Error(), "handshake") {
		t.Error(err)
	}
}

func TestACallThatCannotBeMadeSaysNothingOfMedia(t *testing.T) {
	for _, ask := range []func(context.Context, string) (string, error){
		func(context.Context, string) (string, error) { return "", errors.New("link down") },
		func(context.Context, string) (string, error) { return "v=0", nil },
	} {
		if err := Call(t.Context(), socket(t), ask); !errors.Is(err, ErrUnasked) || errors.Is(err, ErrNoMedia) {
			t.Error(err)
		}
	}
}

const goodAnswer = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=fingerprint:sha-256 AA:BB\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\n" +
	"a=ice-ufrag:u\r\na=ice-pwd:p\r\na=candidate:1 1 udp 1 203.0.113.5 7000 typ host\r\na=candidate:2 1 udp 1 2001:db8::1 7000 typ host\r\na=candidate:3 1 tcp 1 203.0.113.5 443 typ host tcptype passive\r\n"

func TestAnAnswerIsReadAsFarAsACallNeeds(t *testing.T) {
	c, err := readAnswer(goodAnswer)
	if err != nil || c.ufrag != "u" || c.pwd != "p" || c.print != "AA:BB" || len(c.at) != 2 || c.at[0] != netip.MustParseAddrPort("203.0.113.5:7000") || c.at[1] != netip.MustParseAddrPort("[2001:db8::1]:7000") {
		t.Errorf("%+v, %v", c, err)
	}
	for _, without := range []string{"a=ice-ufrag:u\r\n", "a=ice-pwd:p\r\n", "a=fingerprint:sha-256 AA:BB\r\n"} {
		if _, err := readAnswer(strings.Replace(goodAnswer, without, "", 1)); err == nil {
			t.Errorf("read without %q", without)
		}
	}
	if _, err := readAnswer(strings.ReplaceAll(goodAnswer, "7000", "0")); err == nil {
		t.Error("read without an address")
	}
	if _, err := readAnswer(goodAnswer + strings.Repeat("a=x\r\n", maxAnswer)); err == nil {
		t.Error("an endless answer was read")
	}
}

func FuzzReadAnswer(f *testing.F) {
	f.Add(goodAnswer)
	f.Add(offer("u", "p", []byte("cert")))
	f.Fuzz(func(t *testing.T, s string) {
		c, err := readAnswer(s)
		if err == nil && (len(c.at) == 0 || len(c.at) > maxTargets || c.ufrag == "") {
			t.Errorf("%+v", c)
		}
		for _, at := range c.at {
			if !at.IsValid() || at.Port() == 0 {
				t.Error(at)
			}
		}
	})
}
