package inbound

import (
	"io"
	"mime"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/jhillyerd/enmime/v2"
	"golang.org/x/net/html/charset"
)

// bodyParts is what a mail's body consists of.
type bodyParts struct {
	plain       []string
	html        []string
	attachments []Attachment
	grown       int      // bytes by which files grew: see mostGrown
	statuses    [][]byte // of delivery reports
	returned    [][]byte // mails, or their headers, that a report returns
	parts       int
	cut         bool // of the texts more came than is read
	problems    []Problem
}

// text is what the mail says, as plain text: as its sender wrote it, else made of the HTML.
func (b bodyParts) text() string {
	if text := strings.TrimSpace(strings.Join(b.plain, "\n")); text != "" {
		return text
	}
	var out []string
	for _, page := range b.html {
		out = append(out, TextOf(page))
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}

// parser decodes one part, as leniently as can be.
var parser = enmime.NewParser(
	enmime.MultipartWOBoundaryAsSinglePart(true),
	enmime.MaxStoredPartErrors(1),
	enmime.DisableTextConversion(true),
	enmime.DisableCharacterDetection(true),
	enmime.StripMediaTypeInvalidCharacters(true),
	enmime.SetReadPartErrorPolicy(func(*enmime.Part, error) bool { return true }),
)

// bodyFields are the fields of a part's header that say how it is to be read. The library sees
// no others, so that a broken one cannot keep it from the part.
var bodyFields = []string{
	"content-transfer-encoding", "content-disposition", "content-id",
}

// readBody reads the parts of a body. The error is that of the reader alone.
func readBody(h header, body io.Reader) (bodyParts, error) {
	var b bodyParts
	s := newSplitter(body)
	b.read(h, s)
	return b, s.err
}

var boundaryParameter = regexp.MustCompile(`(?i)boundary\s*=\s*"?([^";\s]+)`)

// read reads a part with those below it. A multipart that is nested too deep is left out.
func (b *bodyParts) read(h header, s *splitter) {
	kind, params := contentType(h.get("content-type"))
	boundary := params["boundary"]
	if found := boundaryParameter.FindStringSubmatch(h.get("content-type")); boundary == "" &&
		found != nil {
		boundary = found[1]
	}
	if len(boundary) > maxBoundary {
		boundary = ""
	}

	multipart := strings.HasPrefix(kind, "multipart/")
	switch {
	case multipart && boundary != "" && len(s.boundaries) < maxNested:
		b.readParts(s, boundary)
	case multipart && boundary != "":
		b.problems = noted(b.problems, TooManyParts)
		s.skip()
	default:
		b.readLeaf(h, kind, s)
	}
}

func (b *bodyParts) readParts(s *splitter, boundary string) {
	own := len(s.boundaries)
	s.boundaries = append(s.boundaries, boundary)
	defer func() { s.boundaries = s.boundaries[:own] }()

	s.skip() // what stands in front of the parts is for programs of 1992
	for s.ended && s.at == own && !s.closes {
		s.ended = false
		if b.parts++; b.parts > maxParts {
			b.problems = noted(b.problems, TooManyParts)
			s.skip()
			continue
		}

		h := partHeader(s)
		b.problems = noted(b.problems, h.problems...)
		b.read(h, s)
		s.skip() // what reading has left
	}

	switch {
	case s.ended && s.at == own: // closed; what follows is no part
		s.boundaries = s.boundaries[:own]
		s.ended = false
		s.skip()
	default: // a boundary further out, or the end: this one was never closed
		b.problems = noted(b.problems, BrokenParts)
	}
}

// maxPartHeader bounds the header of one part.
const maxPartHeader = 64 << 10

// partHeader reads the header of a part, up to the empty line or whatever ends the part.
func partHeader(s *splitter) (h header) {
	defer func() { h.unfold() }()
	read := 0
	for line := s.line(); line != nil; line = s.line() {
		text := strings.TrimRight(string(line), "\r\n")
		if text == "" {
			return h
		}
		if read += len(line); read <= maxPartHeader {
			h.add(text)
		}
	}
	return h
}

var kindPattern = regexp.MustCompile(`^[a-z0-9.+_-]+/[a-z0-9.+_-]+$`)

// unnamedKind is what a part counts as whose Content-Type cannot be read: text, unless it has
// the name of a file.
func (b *bodyParts) unnamedKind(h header) string {
	b.problems = noted(b.problems, BrokenParts)
	if strings.Contains(strings.ToLower(h.get("content-disposition")), "filename") {
		return "application/octet-stream"
	}
	return "text/plain"
}

// isFile reports whether a part is a file, and not to be read.
func isFile(p *enmime.Part) bool {
	attached := strings.EqualFold(p.Disposition, "attachment") ||
		p.FileName != "" && !strings.EqualFold(p.Disposition, "inline")
	switch strings.ToLower(p.ContentType) {
	case "message/delivery-status", "message/global-delivery-status",
		"text/rfc822-headers", "message/global-headers":
		return false
	case "text/plain", "text/html":
		return attached
	case "":
		return attached || p.FileName != ""
	}
	return true
}

// takeText takes a part that is to be read. whole says that nothing was left out of it.
func (b *bodyParts) takeText(p *enmime.Part, whole bool) {
	switch kind := strings.ToLower(p.ContentType); kind {
	case "message/delivery-status", "message/global-delivery-status":
		b.statuses = append(b.statuses, p.Content)
	case "text/rfc822-headers", "message/global-headers":
		b.returned = append(b.returned, p.Content)
	case "text/html":
		b.cut = b.cut || !whole
		b.html = b.addText(b.html, b.letters(p))
	default:
		b.cut = b.cut || !whole
		b.plain = b.addText(b.plain, b.letters(p))
	}
}

// addText adds a text to others, as far as all of them together are read.
func (b *bodyParts) addText(all []string, text string) []string {
	room := maxHTML
	for _, other := range all {
		room -= len(other)
	}
	if len(text) > room {
		b.cut = true
		text = strings.ToValidUTF8(text[:room], "")
	}
	return append(all, text)
}

func (b *bodyParts) takeFile(p *enmime.Part, content Content) {
	kind := strings.ToLower(p.ContentType)
	if kind == "message/rfc822" || kind == "message/global" {
		beginning := make([]byte, min(content.Size(), maxHeader))
		_, _ = content.ReadAt(beginning, 0)
		b.returned = append(b.returned, beginning)
	}
	b.attachments = append(b.attachments, Attachment{
		Name:        fileName(p),
		ContentType: kind,
		ContentID:   p.ContentID,
		Inline:      !strings.EqualFold(p.Disposition, "attachment") && p.ContentID != "",
		Content:     content,
	})
}

// letters are a part's text in UTF-8. A part that says nothing of its charset, or what is not
// true, is most likely in Windows-1252.
func (b *bodyParts) letters(p *enmime.Part) string {
	content := p.Content
	if p.Charset != "" {
		if _, name := charset.Lookup(p.Charset); name == "" && !isASCII(p.Charset) {
			b.problems = noted(b.problems, UnknownCharset)
		}
	}
	if utf8.Valid(content) {
		return visible(string(content))
	}
	return visible(legible(string(content)))
}

func isASCII(name string) bool {
	name = strings.ToLower(name)
	return name == "us-ascii" || name == "ascii"
}

// visible is text without what no keyboard makes, and with one kind of line end.
func visible(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(text, "\r", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0:
			return -1
		case r == '\u200b' || r == '\ufeff' || r == '\u2060': // no width
			return -1
		case r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069': // directions
			return -1
		}
		return r
	}, text)
}

var pathParts = regexp.MustCompile(`^.*[/\\]`)

// fileName is the last part of the name that the sender gave, on one line.
func fileName(p *enmime.Part) string {
	name := oneLine(visible(legible(p.FileName)))
	name = pathParts.ReplaceAllString(name, "")
	if runes := []rune(name); len(runes) > 200 {
		name = string(runes[:200])
	}
	return name
}

// contentType reads a Content-Type as far as it can be read.
func contentType(value string) (kind string, params map[string]string) {
	kind, params, err := mime.ParseMediaType(value)
	if err == nil || kind != "" {
		return strings.ToLower(kind), params
	}
	kind, _, _ = strings.Cut(value, ";")
	return strings.ToLower(strings.TrimSpace(kind)), nil
}

// shortened is the text as far as it is kept.
func shortened(text string) (string, bool) {
	if len(text) <= maxText {
		return text, false
	}
	return strings.ToValidUTF8(text[:maxText], ""), true
}
