package inbound

import (
	"bytes"
	"regexp"
	"strings"

	"roomcover.dev/roomcover/mail/thread"
)

// Report is what a delivery report says about one of our mails (RFC 3464).
type Report struct {
	// About is our mail; nil: the report names none of ours.
	About *thread.OwnMessage
	// Action is failed, delayed, delivered, relayed or expanded; empty: it could not be read.
	Action string
	Status string // such as 5.1.1
}

// Failed reports whether the mail will not arrive.
func (r Report) Failed() bool {
	return r.Action == "failed" && !strings.HasPrefix(r.Status, "4")
}

// readReport reads a delivery report; nil: the mail is none. Other reports, such as that a mail
// was read, are automatic mail and no more.
func readReport(h header, tree bodyParts, keys thread.Keys) *Report {
	kind, params := contentType(h.get("content-type"))
	failedTo := h.get("x-failed-recipients") != ""
	isReport := kind == "multipart/report" &&
		strings.EqualFold(params["report-type"], "delivery-status")
	if !isReport && !failedTo && len(tree.statuses) == 0 {
		return nil
	}

	r := &Report{}
	for _, status := range tree.statuses {
		r.readStatus(status)
	}
	if r.Action == "" && failedTo {
		r.Action = "failed"
	}

	// The mail comes back as a whole, by its header, or is only named by what the report
	// answers; some servers put it into the text.
	for _, returned := range append(tree.returned, []byte(strings.Join(answeredIDs(h), "\n"))) {
		if r.About == nil {
			r.About = ownMessageIn(returned, keys)
		}
	}
	if r.About == nil {
		r.About = ownMessageIn([]byte(tree.text()), keys)
	}
	return r
}

func answeredIDs(h header) []string {
	return append(messageIDs(h.get("in-reply-to")), messageIDs(h.get("references"))...)
}

// readStatus reads message/delivery-status: of several recipients the worst counts. Our mails
// have one.
func (r *Report) readStatus(content []byte) {
	action, status := "", ""
	take := func() {
		if action != "" && (r.Action == "" || action == "failed") {
			r.Action, r.Status = action, status
		}
		action, status = "", ""
	}
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSpace(line)
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "":
			take()
		case "action":
			value, _, _ = strings.Cut(value, " ")
			action = strings.ToLower(value)
		case "status":
			status = enhancedStatus.FindString(value)
		}
	}
	take()
}

var (
	enhancedStatus = regexp.MustCompile(`\b[245]\.\d{1,3}\.\d{1,3}\b`)
	idsInText      = regexp.MustCompile(`(?i)(?:ticket\.[a-z0-9_.-]+|ntf_[0-9a-z]{26})@[a-z0-9.-]+`)
)

// ownMessageIn finds the first of our Message-IDs in what came back.
func ownMessageIn(returned []byte, keys thread.Keys) *thread.OwnMessage {
	if head, _, found := bytes.Cut(returned, []byte("\r\n\r\n")); found && len(head) > 0 {
		if own := ownMessageIn(head, keys); own != nil {
			return own
		}
	}
	// A header line of a returned mail may be folded behind its name.
	text := string(returned[:min(len(returned), maxHeader)])
	for _, id := range idsInText.FindAllString(text, -1) {
		if own, ok := keys.ParseMessageID(id); ok {
			return &own
		}
	}
	return nil
}
