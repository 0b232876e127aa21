// Command try serves the partner's site on this machine; ../README.md says how.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/meridian-video/meridian/testbed/partners/gcore"
)

func main() {
	meet := flag.String("meet", "http://127.0.0.1:8080", "base URL of the rooms")
	room := flag.String("room", "serv0lesson", "roomId")
	key := flag.String("key", "", "private key for tokens; none: links without a token")
	listen := flag.String("listen", "localhost:8090", "address to serve at")
	flag.Parse()
	if err := serve(*meet, *room, *key, *listen); err != nil {
		log.Fatal(err)
	}
}

func serve(meet, room, file, listen string) error {
	site := &gcore.Site{Meet: meet, Room: room}
	if file != "" {
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if site.Key, err = gcore.ReadKey(b); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	log.Printf("http://%s/?name=Tom&id=5", listen)
	server := http.Server{Addr: listen, Handler: site.Handler(), ReadHeaderTimeout: 10 * time.Second}
	return server.ListenAndServe()
}
