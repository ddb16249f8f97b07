package chaos

import (
	"errors"
	"net"
)

// accept connects whoever comes, each by itself, until nobody listens any more.
func accept(listener net.Listener, connect func(net.Conn)) {
	for {
		client, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			go connect(client)
		}
	}
}
