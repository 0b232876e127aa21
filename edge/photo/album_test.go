package photo

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/control/notify/guard"
)

// sites answers for the whole web, and counts.
type sites struct {
	asked atomic.Int64
	last  atomic.Value // string
	body  func(*http.Request) (int, []byte)
	slow  time.Duration
}

func (s *sites) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked.Add(1)
	s.last.Store(r.URL.String())
	time.Sleep(s.slow)
	status, body := s.body(r)
	return &http.Response{StatusCode: status, Body: io.NopCloser(bytes.NewReader(body)), Request: r, Header: http.Header{}}, nil
}

func square(t testing.TB, w, h int) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = byte(i * 31)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, m); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func album(t testing.TB, body func(*http.Request) (int, []byte)) (*Album, *sites) {
	s := &sites{body: body}
	return New(Config{Gravatar: "https://hashes.example/avatar", Client: &http.Client{Transport: s}, Now: time.Now}), s
}

func fine(t testing.TB) func(*http.Request) (int, []byte) {
	picture := square(t, 40, 30)
	return func(*http.Request) (int, []byte) { return http.StatusOK, picture }
}

func TestAPictureIsFetchedOnceAndGivenAsAJPEG(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, s := album(t, fine(t))
		s.slow = time.Second
		name := a.ID("https://pictures.example/ada.png")
		if s.asked.Load() != 0 {
			t.Error("naming a source fetched it")
		}
		done := make(chan error)
		for range 20 {
			go func() {
				got, err := a.Picture(t.Context(), name)
				if err == nil {
					var c image.Config
					if c, err = jpeg.DecodeConfig(bytes.NewReader(got)); c.Width != Side || c.Height != Side {
						err = errors.New("another size")
					}
				}
				done <- err
			}()
		}
		for range 20 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if n := s.asked.Load(); n != 1 {
			t.Errorf("%d fetches", n)
		}
		time.Sleep(keep)
		if _, err := a.Picture(t.Context(), name); err != nil || s.asked.Load() != 2 {
			t.Errorf("an hour later: %v after %d fetches", err, s.asked.Load())
		}
	})
}

func TestAFailureIsKeptForAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		status := http.StatusNotFound
		picture := square(t, 9, 9)
		a, s := album(t, func(*http.Request) (int, []byte) { return status, picture })
		name := a.ID("https://pictures.example/a")
		for range 5 {
			if _, err := a.Picture(t.Context(), name); !errors.Is(err, ErrNone) {
				t.Errorf("got %v", err)
			}
		}
		if n := s.asked.Load(); n != 1 {
			t.Errorf("%d fetches", n)
		}
		status = http.StatusOK
		time.Sleep(keepFailure)
		if _, err := a.Picture(t.Context(), name); err != nil {
			t.Error(err)
		}
	})
}

func TestWhoAskedFirstMayGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, s := album(t, fine(t))
		s.slow = time.Second
		name := a.ID("https://pictures.example/a")
		ctx, cancel := context.WithCancel(t.Context())
		first := make(chan error)
		go func() { _, err := a.Picture(ctx, name); first <- err }()
		synctest.Wait()
		cancel()
		if _, err := a.Picture(t.Context(), name); err != nil {
			t.Errorf("the second: %v", err)
		}
		<-first
		waiting, stop := context.WithCancel(t.Context())
		stop()
		a.ID("https://pictures.example/b")
		if _, err := a.Picture(waiting, a.ID("https://pictures.example/b")); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestSources(t *testing.T) {
	hash := strings.Repeat("ab", 32)
	a, _ := album(t, fine(t))
	for _, test := range []struct {
		source Source
		ok     bool
	}{
		{"https://pictures.example/ada.png", true},
		{ByMail(hash), true},
		{ByMail(strings.ToUpper(hash)), true},
		{"", false},
		{"http://pictures.example/ada.png", false},
		{"https://user:secret@pictures.example/", false},
		{"https://", false},
		{"file:///etc/passwd", false},
		{"data:image/png;base64,AA", false},
		{"mail:../../other", false},
		{ByMail("ab"), false},
		{ByMail(hash + "00"), false},
		{Source("https://pictures.example/" + strings.Repeat("x", MaxSource)), false},
	} {
		if got := a.ID(test.source); (got != "") != test.ok {
			t.Errorf("%.40q has the id %q", test.source, got)
		}
	}
}

func TestAHashIsAskedOfTheService(t *testing.T) {
	a, s := album(t, fine(t))
	hash := strings.Repeat("0f", 32)
	if _, err := a.Picture(t.Context(), a.ID(ByMail(hash))); err != nil {
		t.Fatal(err)
	}
	if got, want := s.last.Load(), "https://hashes.example/avatar/"+hash+"?s=256&d=404&r=g"; got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
	if none := New(Config{}); none.ID(ByMail(hash)) != "" {
		t.Error("a hash has an id though no service is asked")
	}
}

func TestIDsAreOfOneNodeAndCannotBeMade(t *testing.T) {
	a, _ := album(t, fine(t))
	b, _ := album(t, fine(t))
	s := Source("https://pictures.example/ada.png")
	if a.ID(s) == b.ID(s) {
		t.Error("two nodes give one id")
	}
	if first, again := a.ID(s), a.ID(s); first != again {
		t.Errorf("one node gives %s and %s", first, again)
	}
	for _, bad := range []string{b.ID(s), "", "x", a.ID(s) + "=", a.ID(s) + "\n", string(s)} {
		if _, err := a.Picture(t.Context(), bad); !errors.Is(err, ErrUnknown) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestWhatIsNoPictureIsNone(t *testing.T) {
	for name, body := range map[string][]byte{
		"nothing": nil, "HTML": []byte("<html>"), "SVG": []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`),
		"too long": make([]byte, maxFetched+1), "half": square(t, 50, 50)[:200], "a bomb": bomb(t),
	} {
		a, _ := album(t, func(*http.Request) (int, []byte) { return http.StatusOK, body })
		if _, err := a.Picture(t.Context(), a.ID("https://pictures.example/a")); !errors.Is(err, ErrNone) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// bomb is a small file that says that it is an enormous picture.
func bomb(t *testing.T) []byte {
	b := square(t, 8, 8)
	copy(b[16:], []byte{0, 0, 0x80, 0, 0, 0, 0x80, 0}) // width and height in IHDR
	return b
}

func TestAnAlbumIsBounded(t *testing.T) {
	a, _ := album(t, fine(t))
	first := a.ID("https://pictures.example/0")
	if _, err := a.Picture(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	for i := range maxSources {
		a.ID(Source("https://pictures.example/" + strings.Repeat("x", i%900) + "/" + string(rune('a'+i/900))))
	}
	if n := a.order.Len(); n > maxSources || len(a.prints) != n {
		t.Errorf("%d sources, %d ids", n, len(a.prints))
	}
	if _, err := a.Picture(t.Context(), first); !errors.Is(err, ErrUnknown) {
		t.Errorf("the oldest: %v", err)
	}
	if a.bytes != 0 {
		t.Errorf("%d bytes are counted of what was forgotten", a.bytes)
	}
}

func TestPicturesKeptAreBounded(t *testing.T) {
	a, _ := album(t, fine(t))
	for i, s := range []Source{"https://a.example/", "https://b.example/", "https://c.example/"} {
		a.ID(s)
		e := a.prints[a.idOf(s)]
		a.store(*e.Value.(*print), make([]byte, maxPictures/2))
		if a.bytes > maxPictures {
			t.Errorf("%d bytes after %d", a.bytes, i+1)
		}
	}
	if p := a.prints[a.idOf("https://a.example/")].Value.(*print); p.picture != nil {
		t.Error("the one used last was not the one to go")
	}
}

// A source is somebody else's word: it leads nowhere private.
func TestTheGuardHoldsForPhotos(t *testing.T) {
	a := New(Config{Client: new(guard.Guard).Client(time.Second), Now: time.Now})
	for _, s := range []Source{"https://127.0.0.1/a.png", "https://[::1]/a.png", "https://169.254.169.254/latest", "https://10.0.0.1/", "https://[::ffff:127.0.0.1]/", "https://0.0.0.0/"} {
		if _, err := a.fetch(t.Context(), s); !errors.Is(err, guard.ErrAddress) {
			t.Errorf("%s: %v", s, err)
		}
	}
}
