// Package freeport finds TCP ports for servers that are started a moment later: those of
// tests and of the development environment.
package freeport

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// The ports are below those that a system gives to a connection that asks for none (32768
// and more on Linux, 49152 elsewhere): between the search and the start of the server no
// connection takes them.
const (
	lowest  = 20000
	highest = 32000
	tries   = 1000
)

// Find returns n different ports on a host that nobody listens on.
func Find(host string, n int) ([]int, error) {
	found := make([]int, 0, n)
	var last error
	for range tries {
		if len(found) == n {
			return found, nil
		}

		port := lowest + rand.IntN(highest-lowest)
		l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err != nil {
			last = err
			continue
		}
		defer l.Close() // not before all are found, so that no two are the same
		found = append(found, port)
	}

	return nil, fmt.Errorf("find a free port on %s: %w", host, last)
}
