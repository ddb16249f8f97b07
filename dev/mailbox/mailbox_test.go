package mailbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/dev/mailbox"
	"roomcover.dev/roomcover/mail/smtptest"
)

type kept []smtptest.Message

func (k kept) Messages() []smtptest.Message { return append(kept(nil), k...) }

var received = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func invitation() smtptest.Message {
	return smtptest.Message{
		ID:          "b",
		From:        "bounce@vendor.example",
		To:          []string{"ana.souza@acme.example"},
		ReceivedAt:  received.Add(time.Hour),
		FromName:    "Vendor",
		FromAddress: "noreply@vendor.example",
		Subject:     "Convite <1>",
		MessageID:   "<inv_1@vendor.example>",
		Text:        "Olá <Ana>,\nabra https://portal.example/i/abc?x=1&y=2. Obrigado",
		HTML:        `<!doctype html><html><head><title>x</title></head><body><script>alert(1)</script><a href="https://portal.example/">aceitar</a></body></html>`,
		Raw:         []byte("Subject: Convite\r\nX-One: 1\r\n\r\nthe content\r\n"),
	}
}

func box() kept {
	return kept{
		{
			ID:         "a",
			From:       "bounce@vendor.example",
			To:         []string{"reseller@shop.example", "copy@shop.example"},
			ReceivedAt: received,
			FromName:   "Vendor",
			Subject:    "Order received",
			Text:       "plain only",
			Raw:        []byte("Subject: Order received\n\nplain only"),
		},
		invitation(),
	}
}

func TestListShowsNewestFirstAndRefreshesItself(t *testing.T) {
	body := page(t, box(), "/", http.StatusOK)
	require.Contains(t, body, `http-equiv="refresh"`)
	require.Contains(t, body, "Convite &lt;1&gt;")
	require.Less(t, strings.Index(body, `href="/mails/b"`), strings.Index(body, `href="/mails/a"`))
	require.Contains(t, body, "reseller@shop.example, copy@shop.example")
	require.NotContains(t, body, "<script")
}

func TestListFiltersByRecipient(t *testing.T) {
	body := page(t, box(), "/?to=ANA.souza", http.StatusOK)
	require.Contains(t, body, `href="/mails/b"`)
	require.NotContains(t, body, `href="/mails/a"`)

	require.Contains(t, page(t, box(), "/?to=COPY@", http.StatusOK), `href="/mails/a"`, "every recipient counts")
	require.Contains(t, page(t, box(), `/?to="><b>`, http.StatusOK), "No mail to “&#34;&gt;&lt;b&gt;”")
}

func TestEmptyListSaysWhatAppearsHere(t *testing.T) {
	require.Contains(t, page(t, kept{}, "/", http.StatusOK), "No mail yet")
}

func TestLongListSaysHowManyAreLeftOut(t *testing.T) {
	var many kept
	for i := range 250 {
		many = append(many, smtptest.Message{ID: fmt.Sprint(i), To: []string{"x@y.example"}, ReceivedAt: received})
	}
	body := page(t, many, "/", http.StatusOK)
	require.Contains(t, body, "The newest 200 of 250 mails")
	require.Contains(t, body, `href="/mails/249"`)
	require.NotContains(t, body, `href="/mails/49"`)
	require.Contains(t, body, "(no subject)")
}

func TestMailShowsThePartAskedFor(t *testing.T) {
	cases := map[string]struct {
		path        string
		want, lacks []string
	}{
		"html by default": {"/mails/b", []string{
			`<iframe`, `sandbox="allow-popups allow-popups-to-escape-sandbox"`, `src="/mails/b/html"`, `?show=text`,
		}, []string{"alert(1)", "allow-scripts", "allow-same-origin"}},
		"text, escaped and linked": {"/mails/b?show=text", []string{
			"Olá &lt;Ana&gt;", `href="https://portal.example/i/abc?x=1&amp;y=2"`, "</a>. Obrigado",
		}, []string{"<iframe"}},
		"headers":                    {"/mails/b?show=headers", []string{"X-One: 1"}, []string{"the content"}},
		"text when there is no html": {"/mails/a", []string{"plain only"}, []string{"<iframe", "?show=html"}},
		"unknown part":               {"/mails/b?show=nonsense", []string{"<iframe"}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			body := page(t, box(), c.path, http.StatusOK)
			for _, want := range c.want {
				require.Contains(t, body, want)
			}
			for _, lacks := range c.lacks {
				require.NotContains(t, body, lacks)
			}
		})
	}
}

func TestMailWithoutAnyPartShowsItsHeaders(t *testing.T) {
	odd := kept{{ID: "x", Raw: []byte("not a mail at all")}}
	require.Contains(t, page(t, odd, "/mails/x", http.StatusOK), "not a mail at all")
}

func TestFrameRunsNoScriptsAndOpensLinksInATab(t *testing.T) {
	res := get(box(), "/mails/b/html")
	require.Equal(t, http.StatusOK, res.Code)
	rules := res.Header().Get("Content-Security-Policy")
	require.Contains(t, rules, "sandbox allow-popups")
	require.Contains(t, rules, "default-src 'none'")
	require.NotContains(t, rules, "script")
	require.Contains(t, res.Body.String(), `<head><base target="_blank">`)

	bare := kept{{ID: "x", HTML: "<p>short</p>"}}
	require.Equal(t, `<base target="_blank"><p>short</p>`, get(bare, "/mails/x/html").Body.String())
}

func TestRawIsTheMailAsReceived(t *testing.T) {
	res := get(box(), "/mails/b/raw")
	require.Equal(t, invitation().Raw, res.Body.Bytes())
	require.Equal(t, "message/rfc822", res.Header().Get("Content-Type"))
	require.Equal(t, `attachment; filename="b.eml"`, res.Header().Get("Content-Disposition"))
}

func TestUnknownMailsAreNotFound(t *testing.T) {
	for _, path := range []string{"/mails/zz", "/mails/zz/html", "/mails/a/html", "/mails/zz/raw", "/api/mails/zz"} {
		require.Equal(t, http.StatusNotFound, get(box(), path).Code, path)
	}
}

func TestJSONListHoldsNoBodiesAndFilters(t *testing.T) {
	var list mailbox.List
	decode(t, get(box(), "/api/mails"), &list)
	require.Equal(t, 2, list.Total)
	require.Equal(t, []string{"b", "a"}, []string{list.Mails[0].ID, list.Mails[1].ID})
	require.Empty(t, list.Mails[0].HTML)

	decode(t, get(box(), "/api/mails?to=shop.example"), &list)
	require.Equal(t, 1, list.Total)
	decode(t, get(box(), "/api/mails?limit=1"), &list)
	require.Equal(t, 2, list.Total)
	require.Len(t, list.Mails, 1)
	require.Contains(t, get(kept{}, "/api/mails").Body.String(), `"mails":[]`)
	for _, wrong := range []string{"0", "-1", "x"} {
		require.Equal(t, http.StatusBadRequest, get(box(), "/api/mails?limit="+wrong).Code)
	}
}

func TestJSONMailIsWhole(t *testing.T) {
	var m mailbox.Mail
	decode(t, get(box(), "/api/mails/b"), &m)
	want := invitation()
	require.Equal(t, mailbox.Mail{
		ID: "b", From: want.From, FromName: "Vendor", FromAddress: want.FromAddress, To: want.To, Subject: want.Subject,
		MessageID: want.MessageID, ReceivedAt: want.ReceivedAt, Text: want.Text, HTML: want.HTML, Raw: string(want.Raw),
	}, m)
}

func TestEveryAnswerIsSecured(t *testing.T) {
	for _, path := range []string{"/", "/mails/b", "/api/mails", "/style.css", "/nothing"} {
		header := get(box(), path).Header()
		require.Equal(t, "no-referrer", header.Get("Referrer-Policy"), path)
		require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"), path)
		require.NotContains(t, header.Get("Content-Security-Policy"), "unsafe", path)
	}
	require.Equal(t, "text/css; charset=utf-8", get(box(), "/style.css").Header().Get("Content-Type"))
}

func get(k kept, path string) *httptest.ResponseRecorder {
	res := httptest.NewRecorder()
	req := httptest.NewRequest(http.MethodGet, "/", nil)
	req.URL.Path, req.URL.RawQuery, _ = strings.Cut(path, "?")
	mailbox.Handler(k).ServeHTTP(res, req)
	return res
}

func page(t *testing.T, k kept, path string, status int) string {
	t.Helper()
	res := get(k, path)
	require.Equal(t, status, res.Code, res.Body)
	require.Equal(t, "text/html; charset=utf-8", res.Header().Get("Content-Type"))
	return res.Body.String()
}

func decode(t *testing.T, res *httptest.ResponseRecorder, into any) {
	t.Helper()
	require.Equal(t, "application/json", res.Header().Get("Content-Type"))
	require.NoError(t, json.Unmarshal(res.Body.Bytes(), into))
}
