//go:build race

package geo

// many is fewer under the race detector, which very many timers in one bubble
// overflow (golang/go#78156).
const many = 24
