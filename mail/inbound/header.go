package inbound

import (
	"bufio"
	"bytes"
	"io"
	"mime"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
)

// field is one field of a header, unfolded and not decoded.
type field struct {
	name, value string
	more        []string // lines that go on with it, until the header ends
}

// header is a mail's header as it came, from the top.
type header struct {
	fields   []field
	problems []Problem
}

// readHeader reads the header, and returns what follows. A line that is no field is left out
// and loses nothing else; a body that begins without an empty line is not found out.
func readHeader(r io.Reader) (h header, body io.Reader, err error) {
	in := bufio.NewReaderSize(r, 16<<10)
	read := 0
	defer h.unfold()
	for {
		line, err := in.ReadString('\n')
		if err != nil && err != io.EOF {
			return h, nil, err
		}

		read += len(line)
		text := strings.TrimRight(line, "\r\n")
		switch {
		case text == "" && (line != "" || err == io.EOF):
			return h, in, nil
		case read > maxHeader:
			h.problems = noted(h.problems, HeaderTooLong)
			if err := skipHeader(in); err != nil {
				return h, nil, err
			}
			return h, in, nil
		}

		h.add(text)
		if err == io.EOF {
			return h, in, nil
		}
	}
}

// skipHeader reads up to the empty line behind a header that is too long.
func skipHeader(in *bufio.Reader) error {
	for {
		line, err := in.ReadSlice('\n')
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case len(bytes.TrimRight(line, "\r\n")) == 0:
			return nil
		}
	}
}

// unfold joins each field with the lines that go on with it, once: a field may have thousands.
func (h *header) unfold() {
	for i := range h.fields {
		f := &h.fields[i]
		if len(f.more) > 0 {
			f.value = strings.Join(append([]string{f.value}, f.more...), " ")
			f.more = nil
		}
	}
}

func (h *header) add(line string) {
	if strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t") {
		if n := len(h.fields); n > 0 {
			h.fields[n-1].more = append(h.fields[n-1].more, strings.TrimSpace(line))
			return
		}
	}

	name, value, found := strings.Cut(line, ":")
	name = strings.TrimSpace(name)
	if !found || name == "" || strings.ContainsAny(name, " \t") {
		if !strings.HasPrefix(line, "From ") { // an mbox's separator
			h.problems = noted(h.problems, BrokenHeader)
		}
		return
	}
	h.fields = append(h.fields, field{name: strings.ToLower(name), value: strings.TrimSpace(value)})
}

// get returns the first field of a name, raw; empty where there is none.
func (h header) get(name string) string {
	for _, f := range h.fields {
		if f.name == name {
			return f.value
		}
	}
	return ""
}

func (h header) all(name string) (values []string) {
	for _, f := range h.fields {
		if f.name == name {
			values = append(values, f.value)
		}
	}
	return values
}

func (h header) has(name string) bool {
	return slices.ContainsFunc(h.fields, func(f field) bool { return f.name == name })
}

// words decodes the encoded words of a header (RFC 2047).
var words = mime.WordDecoder{
	CharsetReader: func(label string, in io.Reader) (io.Reader, error) {
		return charset.NewReaderLabel(label, in)
	},
}

// decoded is a header's text as a person reads it.
func decoded(value string) string {
	if text, err := words.DecodeHeader(value); err == nil {
		value = text
	}
	return oneLine(legible(value))
}

// legible is text in UTF-8: what is not was most likely written in Windows-1252.
func legible(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	reader, err := charset.NewReaderLabel("windows-1252", strings.NewReader(text))
	if err != nil {
		return strings.ToValidUTF8(text, "\uFFFD")
	}
	out, err := io.ReadAll(reader)
	if err != nil {
		return strings.ToValidUTF8(text, "\uFFFD")
	}
	return string(out)
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// readIdentity reads who wrote, about what, and what it answers.
func (m *Mail) readIdentity(h header) {
	m.Subject = decoded(h.get("subject"))
	m.Date, _ = mail.ParseDate(h.get("date"))
	m.ThreadIndex = h.get("thread-index")
	m.ThreadTopic = decoded(h.get("thread-topic"))
	if ids := messageIDs(h.get("message-id")); len(ids) > 0 {
		m.MessageID = ids[0]
	}
	m.InReplyTo = messageIDs(h.get("in-reply-to"))
	m.References = messageIDs(strings.Join(h.all("references"), " "))

	from, ok := sender(h)
	m.From = from
	if !ok {
		m.Problems = append(m.Problems, SeveralSenders)
	}
}

var (
	angled    = regexp.MustCompile(`<\s*([^<>\s]+)\s*>`)
	bareEmail = regexp.MustCompile(`[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@[A-Za-z0-9.-]+`)
)

// messageIDs are the Message-IDs of a field, without angle brackets.
func messageIDs(value string) (ids []string) {
	for _, found := range angled.FindAllStringSubmatch(value, -1) {
		ids = append(ids, found[1])
	}
	if len(ids) == 0 { // some programs leave the brackets out
		ids = bareEmail.FindAllString(value, -1)
	}
	if over := len(ids) - maxReadIDs; over > 0 {
		ids = ids[over:]
	}
	return ids
}

// sender is the one whom From names; ok is false where it names nobody, or more than one: who
// wrote such a mail is not known.
func sender(h header) (from Address, ok bool) {
	fields := h.all("from")
	if len(fields) != 1 {
		return Address{}, false
	}

	parser := mail.AddressParser{WordDecoder: &words}
	list, err := parser.ParseList(legible(fields[0]))
	if err == nil && len(list) == 1 {
		return Address{Name: oneLine(list[0].Name), Email: normalised(list[0].Address)}, true
	}
	if err == nil {
		return Address{}, false
	}

	// The name is not as it should be; the address counts if there is but one.
	found := angled.FindAllStringSubmatch(fields[0], -1)
	if len(found) != 1 || len(bareEmail.FindAllString(fields[0], -1)) != 1 ||
		!bareEmail.MatchString(found[0][1]) {
		return Address{}, false
	}
	name, _, _ := strings.Cut(fields[0], "<")
	return Address{
		Name:  strings.Trim(decoded(name), `" `),
		Email: normalised(found[0][1]),
	}, true
}

// normalised is an address as it is compared.
func normalised(address string) string { return strings.ToLower(strings.TrimSpace(address)) }

// noted adds problems to others, each once: a broken mail may have millions.
func noted(problems []Problem, more ...Problem) []Problem {
	for _, p := range more {
		if !slices.Contains(problems, p) {
			problems = append(problems, p)
		}
	}
	return problems
}
