// Package freeport finds TCP ports for servers that are started a moment later: those of
// tests and of the development environment.
package freeport

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
)

// The ports are below those that a system gives to a connection that asks for none (32768
// and more on Linux, 49152 elsewhere): between the search and the start of the server no
// connection takes them.
const (
	lowest  = 20000
	highest = 32000
	tries   = 1000
)

// Find returns n different ports on a host that nobody listens on. No other process finds them
// while this one lives, and this one does not find them again.
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
		if reserve(port) {
			found = append(found, port)
		}
	}

	return nil, fmt.Errorf("find a free port on %s: %w", host, last)
}

// reserved are the locked files of the ports that this process has found: they are locked for as
// long as they are open.
var reserved struct {
	sync.Mutex
	files []*os.File
}

// reserve reports whether no process has found the port and is still there. Between the search and
// the start of a server, which may take seconds, another process would find it, too.
func reserve(port int) bool {
	dir := filepath.Join(os.TempDir(), "roomcover-ports")
	_ = os.MkdirAll(dir, 0o700)
	file, err := os.OpenFile(filepath.Join(dir, strconv.Itoa(port)), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return true // of another user's folder nothing is known
	}
	if syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		_ = file.Close()
		return false
	}

	reserved.Lock()
	defer reserved.Unlock()
	reserved.files = append(reserved.files, file)
	return true
}
