package main

import (
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/dev/mailbox"
)

func TestAnAnswerGoesToTheAddressForAnswersAndNamesTheMail(t *testing.T) {
	const signed = "select+tk-7f3k2.0123456789abcdef@logitech.com"
	asked := mailbox.Mail{
		To: []string{"ana@acme.example"},
		Raw: "From: select@logitech.com\r\nReply-To: <" + signed + ">\r\n" +
			"Subject: [TK-7F3K2] No picture\r\nMessage-ID: <two@roomcover.localhost>\r\n" +
			"References: <one@roomcover.localhost>\r\n\r\nIs the cable in?\r\n",
	}
	sender, to, content, err := answerTo(asked, "", "It is.", time.Unix(1788793200, 0))
	require.NoError(t, err)
	require.Equal(t, "ana@acme.example", sender)
	require.Equal(t, signed, to)

	answer, err := mail.ReadMessage(strings.NewReader(string(content)))
	require.NoError(t, err)
	require.Equal(t, "Re: [TK-7F3K2] No picture", answer.Header.Get("Subject"))
	require.Equal(t, "<two@roomcover.localhost>", answer.Header.Get("In-Reply-To"))
	require.Equal(t, "<one@roomcover.localhost> <two@roomcover.localhost>",
		answer.Header.Get("References"))

	sender, _, _, err = answerTo(asked, "eva@elsewhere.example", "Me too", time.Now())
	require.NoError(t, err)
	require.Equal(t, "eva@elsewhere.example", sender)
	_, _, _, err = answerTo(mailbox.Mail{Raw: "Subject: none\r\n\r\n"}, "", "x", time.Now())
	require.ErrorContains(t, err, "no address for answers")
}
