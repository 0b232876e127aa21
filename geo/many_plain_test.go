//go:build !race

package geo

// many is how many nodes a big network of tests has.
const many = 60
