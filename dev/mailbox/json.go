package mailbox

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"roomcover.dev/roomcover/mail/smtptest"
)

// Mail is one mail as JSON. A list leaves text, html and raw out.
type Mail struct {
	ID          string    `json:"id"`
	From        string    `json:"from"`
	FromName    string    `json:"from_name"`
	FromAddress string    `json:"from_address"`
	To          []string  `json:"to"`
	Subject     string    `json:"subject"`
	MessageID   string    `json:"message_id"`
	ReceivedAt  time.Time `json:"received_at"`
	TLS         bool      `json:"tls"`
	Text        string    `json:"text,omitempty"`
	HTML        string    `json:"html,omitempty"`
	Raw         string    `json:"raw,omitempty"`
}

// List is the answer to GET /api/mails.
type List struct {
	// Total counts the mails that fit the filter, also those beyond the limit.
	Total int    `json:"total"`
	Mails []Mail `json:"mails"`
}

func (h handler) listJSON(w http.ResponseWriter, r *http.Request) {
	limit := newest
	if asked := r.URL.Query().Get("limit"); asked != "" {
		n, err := strconv.Atoi(asked)
		if err != nil || n < 1 {
			answer(w, http.StatusBadRequest,
				map[string]string{"error": "limit must be a whole number above 0"})
			return
		}

		limit = n
	}

	mails, total := h.mails(r.URL.Query().Get("to"), limit)
	list := List{Total: total, Mails: make([]Mail, len(mails))}
	for i, m := range mails {
		list.Mails[i] = summary(m)
	}

	answer(w, http.StatusOK, list)
}

func (h handler) showJSON(w http.ResponseWriter, r *http.Request) {
	m, ok := h.find(r)
	if !ok {
		answer(w, http.StatusNotFound, map[string]string{"error": "there is no mail of this id"})
		return
	}

	whole := summary(m)
	whole.Text = m.Text
	whole.HTML = m.HTML
	whole.Raw = string(m.Raw)
	answer(w, http.StatusOK, whole)
}

func summary(m smtptest.Message) Mail {
	return Mail{
		ID:          m.ID,
		From:        m.From,
		FromName:    m.FromName,
		FromAddress: m.FromAddress,
		To:          m.To,
		Subject:     m.Subject,
		MessageID:   m.MessageID,
		ReceivedAt:  m.ReceivedAt,
		TLS:         m.TLS,
	}
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
