package freeport

import (
	"net"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPortsAreFreeDifferentAndOfNoConnection(t *testing.T) {
	ports, err := Find("127.0.0.1", 50)
	require.NoError(t, err)
	seen := map[int]bool{}
	for _, port := range ports {
		require.Less(t, port, 32768)
		require.False(t, seen[port])
		seen[port] = true

		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		require.NoError(t, err)
		require.NoError(t, l.Close())
	}
}

func TestAHostWithoutPortsIsNamed(t *testing.T) {
	_, err := Find("192.0.2.1", 1) // of no machine
	require.ErrorContains(t, err, "192.0.2.1")
}

func TestAPortIsFoundOnce(t *testing.T) {
	ports, err := Find("127.0.0.1", 20)
	require.NoError(t, err)
	for _, port := range ports {
		require.False(t, reserve(port), "its server may not have begun to listen")
	}
}
