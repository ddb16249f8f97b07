package chaos

import (
	"net/smtp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/mail/smtptest"
)

func TestGreylist_RefusesWhoIsTriedForTheFirstTime(t *testing.T) {
	g, now := NewGreylist(), time.Now()
	require.False(t, g.refuses("ana", now), "it is off")
	g.begin()
	require.True(t, g.refuses("ana", now))
	require.True(t, g.refuses("ana", now.Add(greylistWait/2)), "too early")
	require.False(t, g.refuses("ana", now.Add(greylistWait)))
	require.True(t, g.refuses("rui", now.Add(greylistWait)), "each by itself")
	require.Equal(t, 3, g.end())
	require.False(t, g.refuses("eva", now))
}

func TestSMTPProxy_Greylists(t *testing.T) {
	server, err := smtptest.Start("127.0.0.1:0")
	require.NoError(t, err)
	defer server.Close()
	greylist := NewGreylist()
	proxy, err := NewSMTPProxy(server.Addr(), greylist)
	require.NoError(t, err)
	defer proxy.Close()

	greylist.begin()
	send := func() error {
		return smtp.SendMail(address(proxy.Port()), nil, "a@x.example", []string{"b@x.example"},
			[]byte("Subject: x\r\n\r\nRCPT TO:<c@x.example>\r\n"))
	}
	require.ErrorContains(t, send(), "Greylisted")
	require.Empty(t, server.Messages())
	require.Equal(t, 1, greylist.end())
	require.NoError(t, send(), "what looks like a command in a mail is none")
	require.Len(t, server.Messages(), 1)
}
