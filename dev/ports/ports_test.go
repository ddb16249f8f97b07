package ports_test

import (
	"errors"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/dev/ports"
	"roomcover.dev/roomcover/freeport"
)

const local = "127.0.0.1"

func TestCheckAcceptsFreePortsAndLeavesThemFree(t *testing.T) {
	free, err := freeport.Find(local, 2)
	require.NoError(t, err)

	wanted := []ports.Port{
		{Host: local, Number: free[0], Option: "--a", Purpose: "the first"},
		{Host: local, Number: free[1], Option: "--b", Purpose: "the second"},
		{Host: local, Number: 0, Option: "--c", Purpose: "one not wanted"},
		{Host: local, Number: 0, Option: "--d", Purpose: "another not wanted"},
	}
	require.NoError(t, ports.Check(wanted...))

	l, err := net.Listen("tcp", wanted[0].Address())
	require.NoError(t, err, "the port must be free again after the check")
	require.NoError(t, l.Close())
}

func TestCheckNamesEveryTakenPortWithItsOptionAndRemedy(t *testing.T) {
	first, second := listen(t, local+":0"), listen(t, local+":0")
	free, err := freeport.Find(local, 1)
	require.NoError(t, err)

	err = ports.Check(
		ports.Port{Host: local, Number: first, Option: "--temporal-port", Purpose: "the Temporal server"},
		ports.Port{Host: local, Number: free[0], Option: "--smtp-port", Purpose: "the SMTP catcher"},
		ports.Port{Host: local, Number: second, Option: "--mails-port", Purpose: "the page of mails"},
	)

	require.ErrorContains(t, err, "the Temporal server is taken by another program (option --temporal-port)")
	require.ErrorContains(t, err, "choose another with --temporal-port")
	require.ErrorContains(t, err, "the page of mails is taken")
	require.NotContains(t, err.Error(), "--smtp-port")
	var one *ports.Error
	require.True(t, errors.As(err, &one))
	require.Equal(t, first, one.Port.Number)
}

func TestCheckSeesAPortTakenOnAllAddresses(t *testing.T) {
	taken := listen(t, "0.0.0.0:0")
	err := ports.Check(ports.Port{Host: local, Number: taken, Option: "--p", Purpose: "it"})
	require.ErrorContains(t, err, "is taken")
}

func TestCheckExplainsWhatElseCanBeWrong(t *testing.T) {
	free, err := freeport.Find(local, 1)
	require.NoError(t, err)
	p := func(host string, number int, option string) ports.Port {
		return ports.Port{Host: host, Number: number, Option: option, Purpose: "the " + option}
	}
	cases := map[string]struct {
		wanted []ports.Port
		want   string
	}{
		"the same number twice": {
			[]ports.Port{p(local, free[0], "--a"), p(local, free[0], "--b")}, "is also wanted for the --a (option --a)",
		},
		"too large": {[]ports.Port{p(local, 65536, "--a")}, "choose a number from 1 to 65535"},
		"negative":  {[]ports.Port{p(local, -1, "--a")}, "does not exist"},
		"foreign address": {
			[]ports.Port{p("192.0.2.1", free[0], "--a")}, "192.0.2.1 is not an address of this machine",
		},
		"no address at all": {[]ports.Port{p("no such host.invalid", free[0], "--a")}, "cannot be opened"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			require.ErrorContains(t, ports.Check(c.wanted...), c.want)
		})
	}
}

func TestFreeGivesDifferentPorts(t *testing.T) {
	got, err := freeport.Find(local, 20)
	require.NoError(t, err)
	seen := map[int]bool{}
	for _, n := range got {
		require.False(t, seen[n], "port %d was given twice", n)
		seen[n] = true
	}
	_, err = freeport.Find("192.0.2.1", 1)
	require.Error(t, err)
}

func listen(t *testing.T, address string) int {
	t.Helper()
	l, err := net.Listen("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().(*net.TCPAddr).Port
}
