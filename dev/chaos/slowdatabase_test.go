package chaos

import (
	"bufio"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDatabaseProxy_HoldsWhatIsAskedUntilTheWayIsQuickAgain(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer server.Close()
	go func() {
		for {
			conn, err := server.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(conn, conn) }()
		}
	}()

	dsn := "postgres://somebody@" + server.Addr().String() + "/db?sslmode=disable"
	proxy, err := NewDatabaseProxy(dsn)
	require.NoError(t, err)
	defer proxy.Close()
	through := proxy.listener.Addr().String()
	require.Equal(t, "postgres://somebody@"+through+"/db?sslmode=disable", proxy.DSN)

	conn, err := net.Dial("tcp", through)
	require.NoError(t, err)
	defer conn.Close()
	answers := bufio.NewReader(conn)
	ask := func() {
		_, err := io.WriteString(conn, "?\n")
		require.NoError(t, err)
	}
	answered := func() {
		line, err := answers.ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, "?\n", line)
	}

	ask()
	answered()
	proxy.begin()
	began := time.Now()
	ask()
	answered()
	require.GreaterOrEqual(t, time.Since(began), slowness)
	require.Equal(t, 1, proxy.end())
	ask()
	answered()
}
