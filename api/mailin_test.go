package api_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/api"
	"roomcover.dev/roomcover/models/mailbox"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/signing"
)

var mailKey = bytes.Repeat([]byte("m"), 32)

const (
	mailPath = "/v1/mail/inbound"
	stranger = "eva@elsewhere.example"
)

// mailboxAddress is the program's own.
const mailboxAddress = "select@logitech.com"

// mailHeaders sign a mail, as name, value, name, value.
func mailHeaders(mail []byte, from, to string, at time.Time, keys ...[]byte) []string {
	sum := sha256.Sum256(mail)
	digest := hex.EncodeToString(sum[:])
	timestamp, signatures := signing.Sign([]byte(from+"\n"+to+"\n"+digest), at, keys...)
	return []string{
		"Content-Type", "message/rfc822",
		"Mail-Timestamp", timestamp,
		"Mail-Sender", from,
		"Mail-Recipient", to,
		"Mail-Digest", digest,
		"Mail-Signature", signatures,
	}
}

const strangersMail = "From: Eva <eva@elsewhere.example>\r\n" +
	"Message-ID: <1@elsewhere.example>\r\nSubject: Invitation\r\n\r\nWhere is it?\r\n"

// A mail that a mail service signed is stored before it is answered, once however often it comes,
// and becomes what it would have become by roomcover mailin.
func TestS44_AMailComesInByHTTP(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		h.Configure(mailbox.Options{Addresses: []string{mailboxAddress}})
		mail := []byte(strangersMail)
		var ids []string
		for range 3 {
			headers := mailHeaders(mail, stranger, mailboxAddress, time.Now(), mailKey)
			a := client{house: h}.send("POST", mailPath, mail, headers...)
			ids = append(ids, as[api.MailTaken](t, a, 202).ID)
		}
		require.Equal(t, []string{ids[0], ids[0], ids[0]}, ids)
		require.Equal(t, 1, h.Count(t, "SELECT count(*) FROM inbound_mails WHERE state = 'DECIDED'"))
		require.Equal(t, 1, h.Count(t, "SELECT count(*) FROM inbox_items"))

		raw, err := h.RawMail(h.Context, ids[0])
		require.NoError(t, err)
		kept, err := io.ReadAll(raw.Reader())
		require.NoError(t, err)
		require.Equal(t, strangersMail, string(kept), "byte for byte")
		require.NotContains(t, h.Log.String(), "elsewhere.example")
	})
}

// A mail to the mailbox is an item for an operator, and is answered once; it is never a ticket.
func TestR40a_AMailByHTTPMakesAnItemAndNoTicket(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		h.Configure(mailbox.Options{Addresses: []string{mailboxAddress}})
		mail := []byte(strangersMail)
		a := client{house: h}.send("POST", mailPath, mail,
			mailHeaders(mail, stranger, mailboxAddress, time.Now(), mailKey)...)
		require.Equal(t, 202, a.Status)

		require.Len(t, as[items[ref]](t, h.Lead.get(mailboxPath), 200).Items, 1)
		require.Empty(t, as[items[ref]](t, h.Lead.get("/v1/tickets"), 200).Items)
		answers := h.Mails(t, rules.TemplateMailboxReceived)
		require.Len(t, answers, 1)
		require.Equal(t, stranger, answers[0].Recipient)
	})
}

func TestS44_AMailThatNobodySignedIsNotRead(t *testing.T) {
	h := sqlite(t)
	h.Configure(mailbox.Options{Addresses: []string{mailboxAddress}})
	mail, now := []byte(strangersMail), time.Now()
	good := func() []string { return mailHeaders(mail, stranger, mailboxAddress, now, mailKey) }
	with := func(name, value string) []string {
		headers := good()
		for i := 0; i < len(headers); i += 2 {
			if headers[i] == name {
				headers[i+1] = value
			}
		}
		return headers
	}
	other := bytes.Repeat([]byte("x"), 32)

	for what, c := range map[string]struct {
		headers []string
		body    []byte
		status  int
		code    string
	}{
		"another key":           {mailHeaders(mail, stranger, mailboxAddress, now, other), mail, 401, "WEBHOOK_SIGNATURE_INVALID"},
		"another body":          {good(), []byte(strangersMail + "x"), 401, "WEBHOOK_SIGNATURE_INVALID"},
		"another sender":        {with("Mail-Sender", "ana@acme.example"), mail, 401, "WEBHOOK_SIGNATURE_INVALID"},
		"another recipient":     {with("Mail-Recipient", "help+tk@x.example"), mail, 401, "WEBHOOK_SIGNATURE_INVALID"},
		"another digest":        {with("Mail-Digest", strings.Repeat("0", 64)), mail, 401, "WEBHOOK_SIGNATURE_INVALID"},
		"another time":          {with("Mail-Timestamp", "1"), mail, 401, "WEBHOOK_SIGNATURE_INVALID"},
		"no time":               {with("Mail-Timestamp", ""), mail, 401, "WEBHOOK_TIMESTAMP_MISSING"},
		"no signature":          {with("Mail-Signature", ""), mail, 401, "WEBHOOK_SIGNATURE_MISSING"},
		"what is no mail":       {with("Content-Type", "application/json"), mail, 415, "UNSUPPORTED_MEDIA_TYPE"},
		"six minutes ago":       {mailHeaders(mail, stranger, mailboxAddress, now.Add(-6*time.Minute), mailKey), mail, 401, "WEBHOOK_TOO_OLD"},
		"in six minutes":        {mailHeaders(mail, stranger, mailboxAddress, now.Add(6*time.Minute), mailKey), mail, 401, "WEBHOOK_IN_FUTURE"},
		"not one of ours":       {mailHeaders(mail, stranger, "ana@logitech.com", now, mailKey), mail, 404, rules.NotFound},
		"sender and line feeds": {mailHeaders(mail, "a", "b", now, mailKey), mail, 404, rules.NotFound},
	} {
		a := client{house: h}.send("POST", mailPath, c.body, c.headers...)
		require.Equal(t, c.status, a.Status, what)
		problem(t, a, c.status, c.code)
	}
	require.Zero(t, h.Count(t, "SELECT count(*) FROM inbound_mails"))

	// Who is not known sends no body: nothing of it is read.
	sends, body := io.Pipe()
	req, err := http.NewRequest(http.MethodPost, h.URL+mailPath, sends)
	require.NoError(t, err)
	for i := 0; i < len(good()); i += 2 {
		req.Header.Set(good()[i], good()[i+1])
	}
	req.ContentLength = 20 << 20
	req.Header.Set("Mail-Signature", "v1="+strings.Repeat("0", 64))
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, http.StatusUnauthorized, res.StatusCode)
	_ = body.Close()

	both := mailHeaders(mail, stranger, mailboxAddress, now, other, mailKey)
	require.Equal(t, 202, client{house: h}.send("POST", mailPath, mail, both...).Status,
		"while the key is changed it is signed with both")

	closed := sqlite(t, func(o *api.Options) { o.MailKeys = nil })
	problem(t, client{house: closed}.send("POST", mailPath, mail, good()...), 401, "WEBHOOK_NOT_CONFIGURED")
}

func TestS44_AMailByHTTPHasABound(t *testing.T) {
	h := sqlite(t, func(o *api.Options) { o.MaxMail = 1 << 20 })
	h.Configure(mailbox.Options{Addresses: []string{mailboxAddress}})
	for size, status := range map[int]int{1 << 20: 202, 1<<20 + 1: 413} {
		mail := append([]byte(strangersMail), bytes.Repeat([]byte("x"), size-len(strangersMail))...)
		headers := mailHeaders(mail, stranger, mailboxAddress, time.Now(), mailKey)
		require.Equal(t, status, client{house: h}.send("POST", mailPath, mail, headers...).Status)
	}
	require.Equal(t, 1, h.Count(t, "SELECT count(*) FROM inbound_mails"))
}
