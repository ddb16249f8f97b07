package thread_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/mail/thread"
)

func TestS44_TheReplyAddressIsSigned(t *testing.T) {
	keys := thread.NewKeys([]byte("one"))
	address := keys.ReplyAddress("help@support.example", "TK-10023")
	require.Regexp(t, `^help\+tk-10023\.[0-9a-f]{16}@support\.example$`, address)
	require.Equal(t, address, keys.ReplyAddress("help@support.example", "tk-10023"))

	ticket, ok := keys.TicketOfAddress(strings.ToUpper(address))
	require.True(t, ok)
	require.Equal(t, "TK-10023", ticket)

	for _, wrong := range []string{
		"help@support.example", "help+tk-10023@support.example", "", "@", "+",
		strings.Replace(address, "10023", "10024", 1),
		strings.Replace(address, "+", "", 1),
	} {
		_, ok := keys.TicketOfAddress(wrong)
		require.False(t, ok, wrong)
	}
	_, ok = thread.NewKeys([]byte("two")).TicketOfAddress(address)
	require.False(t, ok)
	_, ok = thread.NewKeys([]byte("two"), []byte("one")).TicketOfAddress(address)
	require.True(t, ok, "the former key is accepted while mails of its time are answered")
	require.Empty(t, thread.NewKeys().ReplyAddress("help@support.example", "TK-1"))
	require.Empty(t, keys.ReplyAddress("nobody", "TK-1"))
	require.Empty(t, keys.ReplyAddress("help@support.example", "TK 1"))
}

func TestC7_AMessageIDIsAlwaysTheSame(t *testing.T) {
	keys := thread.NewKeys([]byte("one"))
	id := keys.MessageID("TK-10023", "ntf_01kb5c0000000000000000000a", "ana@alfa.example")
	require.Equal(t, id,
		keys.MessageID("TK-10023", "ntf_01kb5c0000000000000000000a", "Ana@alfa.example"))
	require.NotEqual(t, id,
		keys.MessageID("TK-10023", "ntf_01kb5c0000000000000000000a", "rui@alfa.example"))
	require.NotContains(t, id, "ana")

	own, ok := keys.ParseMessageID("<" + id + "@support.example>")
	require.True(t, ok)
	require.Equal(t,
		thread.OwnMessage{Ticket: "TK-10023", Message: "ntf_01kb5c0000000000000000000a"}, own)

	other, ok := keys.ParseMessageID("<ntf_01kb5c0000000000000000000b@support.example>")
	require.True(t, ok)
	require.Equal(t, thread.OwnMessage{Message: "ntf_01kb5c0000000000000000000b"}, other)

	_, ok = keys.ParseMessageID("<" + strings.Replace(id, "10023", "10024", 1) + "@support.example>")
	require.False(t, ok)
	_, ok = keys.TicketOfAddress("help+" + id + "@support.example")
	require.False(t, ok, "a Message-ID signs no address")
}

func TestS44_ReferencesStayShortAndKeepTheFirst(t *testing.T) {
	var references []string
	for i := range 40 {
		references = thread.ReferencesAfter(references, fmt.Sprintf("m%d", i))
	}
	require.Len(t, references, 20)
	require.Equal(t, "m0", references[0])
	require.Equal(t, "m39", references[19])
	require.Equal(t, references, thread.ReferencesAfter(references, "m39"), "none twice")
}

func TestS44_TheSubjectOfATicketIsConstant(t *testing.T) {
	require.Equal(t, "[TK-10023] Sala Ipê sem imagem",
		thread.Subject("TK-10023", " Sala Ipê\n sem  imagem "))
	require.LessOrEqual(t, len([]rune(thread.Subject("TK-1", strings.Repeat("ã", 999)))), 300)
}

func TestS44_TheMarkerIsKnownInEveryLanguage(t *testing.T) {
	require.Len(t, thread.ReplyMarkers(), 2)
	require.NotEqual(t, thread.ReplyMarker("pt-BR"), thread.ReplyMarker("en"))
	for _, locale := range []string{"pt-BR", "en"} {
		require.True(t, strings.Contains(thread.ReplyMarker(locale), thread.ReplyMarkers()[0]) ||
			strings.Contains(thread.ReplyMarker(locale), thread.ReplyMarkers()[1]))
	}
}
