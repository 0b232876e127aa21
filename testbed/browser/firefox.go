package browser

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/meridian-video/meridian/testbed/browser/bidi"
)

// firefox is a Firefox with one page, driven by WebDriver BiDi.
type firefox struct {
	cmd     *exec.Cmd
	session *bidi.Session
	page    *bidi.Page
	output  sync.WaitGroup
}

// firefoxStart bounds the time from the start to the first tab.
const firefoxStart = 60 * time.Second

func startFirefox(dir string, o Options) (driver, error) {
	path, err := installed("firefox-esr", "firefox")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "user.js"), preferences(o), 0o600); err != nil {
		return nil, err
	}
	f := &firefox{cmd: exec.Command(path, "--headless", "--no-remote", "--remote-debugging-port=0", "--profile", dir)}
	f.cmd.Env = append(os.Environ(), "HOME="+dir, "MOZ_CRASHREPORTER_DISABLE=1")
	// Its helpers are in the same group, so that none is left behind.
	f.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := f.start(o); err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

func (f *firefox) start(o Options) error {
	stderr, err := f.cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := f.cmd.Start(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), firefoxStart)
	defer cancel()
	url, err := f.address(ctx, stderr)
	if err != nil {
		return err
	}
	if f.session, err = bidi.Dial(ctx, url); err != nil {
		return err
	}
	if f.page, err = f.session.First(ctx); err != nil {
		return err
	}
	return f.page.Resize(ctx, o.Width, o.Height)
}

// address reads from what the browser says where it listens, and goes on
// reading, so that the browser never waits for us.
func (f *firefox) address(ctx context.Context, stderr io.Reader) (string, error) {
	found := make(chan string, 1)
	f.output.Go(func() {
		defer close(found)
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			if _, url, ok := strings.Cut(lines.Text(), "WebDriver BiDi listening on "); ok {
				found <- strings.TrimSpace(url)
				break
			}
		}
		_, _ = io.Copy(io.Discard, stderr)
	})
	select {
	case url := <-found:
		if url == "" {
			return "", errors.New("firefox ended without listening")
		}
		return url, nil
	case <-ctx.Done():
		return "", fmt.Errorf("firefox does not listen: %w", ctx.Err())
	}
}

func (f *firefox) close() {
	if f.session != nil {
		_ = f.session.Close()
	}
	if f.cmd.Process == nil {
		return
	}
	_ = syscall.Kill(-f.cmd.Process.Pid, syscall.SIGKILL)
	f.output.Wait()
	_ = f.cmd.Wait()
}

// preferences makes a Firefox with a synthetic camera and microphone that asks
// nothing, plays everything, takes loopback addresses for ICE, and stays
// offline but for what a test opens.
func preferences(o Options) []byte {
	prefs := map[string]any{
		"media.navigator.streams.fake":                      true,
		"media.navigator.permission.disabled":               true,
		"media.autoplay.default":                            0,
		"media.autoplay.blocking_policy":                    0,
		"media.peerconnection.ice.loopback":                 true,
		"media.peerconnection.ice.obfuscate_host_addresses": false,
		"media.gmp-manager.updateEnabled":                   false,
		"media.gmp-manager.url":                             "data:text/plain,",
		"media.getusermedia.audio.processing.aec.enabled":   false,
		"media.getusermedia.audio.processing.noise.enabled": false,
		"app.update.enabled":                                false,
		"app.normandy.enabled":                              false,
		"browser.aboutwelcome.enabled":                      false,
		"browser.newtabpage.enabled":                        false,
		"browser.region.network.url":                        "",
		"browser.safebrowsing.downloads.remote.enabled":     false,
		"browser.safebrowsing.malware.enabled":              false,
		"browser.safebrowsing.phishing.enabled":             false,
		"browser.sessionstore.resume_from_crash":            false,
		"browser.shell.checkDefaultBrowser":                 false,
		"browser.startup.homepage":                          "about:blank",
		"browser.startup.page":                              0,
		"datareporting.policy.dataSubmissionEnabled":        false,
		"datareporting.healthreport.uploadEnabled":          false,
		"extensions.update.enabled":                         false,
		"extensions.getAddons.cache.enabled":                false,
		"network.captive-portal-service.enabled":            false,
		"network.connectivity-service.enabled":              false,
		"network.dns.disablePrefetch":                       true,
		"network.prefetch-next":                             false,
		"network.trr.mode":                                  5,
		"services.settings.server":                          "data:,",
	}
	if o.Tone > 0 {
		prefs["media.navigator.audio.fake_frequency"] = int(o.Tone)
	}
	var file strings.Builder
	for name, value := range prefs {
		b, _ := json.Marshal(value)
		fmt.Fprintf(&file, "user_pref(%q, %s);\n", name, b)
	}
	return []byte(file.String())
}

func (f *firefox) navigate(ctx context.Context, url string) error { return f.page.Navigate(ctx, url) }

func (f *firefox) eval(ctx context.Context, js string) (string, error) { return f.page.Eval(ctx, js) }

func (f *firefox) click(ctx context.Context, selector string) error {
	return f.with(ctx, selector, "e.click()")
}

// enter sets the value as typing does, for frameworks that listen to it.
func (f *firefox) enter(ctx context.Context, selector, text string) error {
	b, err := json.Marshal(text)
	if err != nil {
		return err
	}
	return f.with(ctx, selector, fmt.Sprintf("e.value = %s; e.dispatchEvent(new Event('input', {bubbles: true}))", b))
}

// with runs a statement about the element that a selector finds, once it is there.
func (f *firefox) with(ctx context.Context, selector, statement string) error {
	b, err := json.Marshal(selector)
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		found, err := f.eval(ctx, fmt.Sprintf("(() => { const e = document.querySelector(%s); if (!e) return 'no'; %s; return 'yes'; })()", b, statement))
		if err != nil || found == "yes" {
			return err
		}
	}
	return fmt.Errorf("there is no %s: %w", selector, ctx.Err())
}

func (f *firefox) resize(ctx context.Context, width, height int) error {
	return f.page.Resize(ctx, width, height)
}

func (f *firefox) shot(ctx context.Context) ([]byte, error) { return f.page.Screenshot(ctx) }
