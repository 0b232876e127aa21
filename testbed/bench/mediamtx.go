//go:build linux

package main

import (
	"context"
	"fmt"
	"net/url"

	"github.com/meridian-video/meridian/testbed/bench/light"
)

// mediamtx speaks WHIP and WHEP.
type mediamtx struct {
	*program
	host string
}

const mediamtxFile = `
logLevel: warn
rtsp: no
rtmp: no
hls: no
srt: no
webrtc: yes
webrtcAddress: 127.0.0.1:%[1]d
webrtcLocalUDPAddress: 127.0.0.1:%[1]d
webrtcIPsFromInterfaces: no
webrtcAdditionalHosts: [127.0.0.1]
paths:
  all_others:
`

func startMediaMTX(ctx context.Context, _ options) (server, error) {
	port, err := freePorts(1)
	if err != nil {
		return nil, err
	}
	m := &mediamtx{host: fmt.Sprintf("127.0.0.1:%d", port)}
	if m.program, err = launch(map[string]string{"mediamtx.yml": fmt.Sprintf(mediamtxFile, port)}, "mediamtx", "{dir}/mediamtx.yml"); err != nil {
		return nil, err
	}
	target := &url.URL{Scheme: "http", Host: m.host, Path: "/"}
	if err := m.ready(ctx, func(ctx context.Context) bool { return reachable(ctx, target) }); err != nil {
		m.stop()
		return nil, err
	}
	return m, nil
}

func (m *mediamtx) publish(ctx context.Context, room string, c *light.Client, _ bool) error {
	return exchange(ctx, "http://"+m.host+"/"+room+"/whip", c, sending(false)...)
}

func (m *mediamtx) watch(ctx context.Context, room string, c *light.Client) error {
	return exchange(ctx, "http://"+m.host+"/"+room+"/whep", c, receiving()...)
}
