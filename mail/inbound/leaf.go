package inbound

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"strings"

	"github.com/jhillyerd/enmime/v2"
)

// How much of a part is decoded at once. Of a text no more is read. A file that is in an encoding
// or in a charset comes in pieces where it is larger, and any other always does: it is in memory
// once, whatever its size.
const (
	mostText  = maxHTML
	pieceSize = 1 << 20
	// mostGrown is by how much the files of a mail may grow as they are turned into UTF-8, where
	// one letter of a charset takes up to three bytes: beyond, they stay as they came.
	mostGrown = 1 << 20
)

// The encodings of a part that are more than its bytes.
const (
	encodingBase64 = "base64"
	encodingQuoted = "quoted-printable"
)

// readLeaf reads a part that has no others: what it says, or a file. Of a mail within the mail
// nothing is read.
func (b *bodyParts) readLeaf(h header, kind string, s *splitter) {
	encoding := strings.ToLower(h.get("content-transfer-encoding"))
	var content io.Reader = &part{from: s}
	letters := &base64Letters{from: content}
	if encoding == encodingBase64 {
		content = base64.NewDecoder(base64.RawStdEncoding, letters)
	}

	head := b.leafHead(h, kind, encoding)
	p, err := decodePart(head, nil)
	switch {
	case err != nil || p == nil:
		b.problems = noted(b.problems, UnreadableBody)
		return
	case isFile(p) && len(b.attachments) >= maxAttachments:
		b.problems = noted(b.problems, TooManyParts)
		return
	case isFile(p):
		err = b.readFile(p, head, encoding, content)
	default:
		err = b.readText(head, content)
	}
	if s.err == nil && (err != nil || letters.broken) {
		b.problems = noted(b.problems, BrokenParts)
	}
}

// readText reads a part that is to be read, as far as texts are.
func (b *bodyParts) readText(head string, content io.Reader) error {
	text, failure := io.ReadAll(io.LimitReader(content, mostText+1))
	p, err := decodePart(head, text)
	if err != nil || p == nil {
		b.problems = noted(b.problems, UnreadableBody)
		return nil
	}
	b.takeText(p, len(text) <= mostText)
	return errors.Join(failure, faultOf(p))
}

// readFile reads a file. A small text among them comes in UTF-8; one of several pieces, or one that
// grows too much, stays in the charset in which it came.
func (b *bodyParts) readFile(p *enmime.Part, head, encoding string, content io.Reader) error {
	if encoding != encodingQuoted && !strings.HasPrefix(strings.ToLower(p.ContentType), "text/") {
		file, err := readPieces(nil, content)
		b.takeFile(p, file)
		return errors.Join(err, faultOf(p))
	}

	beginning := make([]byte, pieceSize)
	n, err := fill(content, beginning)
	beginning = beginning[:n]
	var file Content
	switch {
	case err != nil: // it ends there
		whole, failure := decodePart(head, beginning)
		if failure != nil || whole == nil {
			b.problems = noted(b.problems, UnreadableBody)
			return nil
		}
		p = whole
		switch grown := max(0, len(p.Content)-n); {
		case b.grown+grown <= mostGrown:
			b.grown += grown
			file.add(bytes.Clone(p.Content)) // the library's has room for more
		case encoding == encodingQuoted:
			file, _ = readQuoted(beginning, content)
		default:
			file.add(bytes.Clone(beginning))
		}
	case encoding == encodingQuoted:
		file, err = readQuoted(beginning, content)
	default:
		file, err = readPieces(beginning, content)
	}
	b.takeFile(p, file)
	if err == io.EOF {
		err = nil
	}
	return errors.Join(err, faultOf(p))
}

// faultOf is what the library found wrong with a part.
func faultOf(p *enmime.Part) error {
	if len(p.Errors) == 0 {
		return nil
	}
	return p.Errors[0]
}

// leafHead is what the library is told of a part's header. What is in base64 it gets decoded: for
// each letter that does not belong there it would keep an error.
func (b *bodyParts) leafHead(h header, kind, encoding string) string {
	var head strings.Builder
	for _, name := range bodyFields {
		if name == "content-transfer-encoding" && encoding == encodingBase64 {
			continue
		}
		if value := h.get(name); value != "" {
			head.WriteString(name + ": " + value + "\r\n")
		}
	}
	switch {
	case strings.HasPrefix(kind, "multipart/"): // without a boundary
		head.WriteString("content-type: text/plain\r\n")
		b.problems = noted(b.problems, BrokenParts)
	case kindPattern.MatchString(kind):
		head.WriteString("content-type: " + h.get("content-type") + "\r\n")
	case h.get("content-type") != "":
		head.WriteString("content-type: " + b.unnamedKind(h) + "\r\n")
	}
	return head.String()
}

func decodePart(head string, content []byte) (*enmime.Part, error) {
	return parser.ReadParts(io.MultiReader(
		strings.NewReader(head+"\r\n"), bytes.NewReader(content)))
}

// readPieces reads a file as it comes, behind its beginning.
func readPieces(beginning []byte, content io.Reader) (file Content, err error) {
	file.add(beginning)
	for {
		piece := make([]byte, pieceSize)
		n, err := fill(content, piece)
		if n < pieceSize {
			piece = bytes.Clone(piece[:n]) // a mail may have many small files
		}
		file.add(piece)
		switch {
		case err == io.EOF:
			return file, nil
		case err != nil:
			return file, err
		}
	}
}

const quotedHead = "content-transfer-encoding: " + encodingQuoted + "\r\n" +
	"content-type: application/octet-stream\r\n"

// readQuoted decodes a quoted-printable file piece by piece.
func readQuoted(beginning []byte, content io.Reader) (file Content, failure error) {
	left := beginning
	for ended := false; len(left) > 0 || !ended; {
		if len(left) < pieceSize && !ended {
			more := make([]byte, pieceSize)
			n, err := fill(content, more)
			if ended = err != nil; ended && err != io.EOF {
				failure = err
			}
			left = append(left, more[:n]...)
		}

		n := min(len(left), pieceSize)
		if n < len(left) || !ended {
			n = quotedEnd(left[:n])
		}
		p, err := decodePart(quotedHead, left[:n])
		if err != nil {
			return file, err
		}
		file.add(bytes.Clone(p.Content)) // the library's has room for more
		left = left[n:]
	}
	return file, failure
}

// quotedEnd is how much of a quoted-printable text can be decoded without what follows: its whole
// lines, or as much of a long one as ends neither within an escape nor in blanks.
func quotedEnd(text []byte) int {
	if at := bytes.LastIndexByte(text, '\n'); at >= 0 {
		return at + 1
	}
	for at := len(text); at > 2; at-- {
		if !bytes.ContainsAny(text[at-2:at], "= \t\r") {
			return at
		}
	}
	return len(text)
}

// fill reads until the piece is full or the reader ends or fails.
func fill(r io.Reader, piece []byte) (n int, err error) {
	for n < len(piece) && err == nil {
		var more int
		more, err = r.Read(piece[n:])
		n += more
	}
	return n, err
}

// base64Letters reads the letters of a text in base64, and nothing else of it.
type base64Letters struct {
	from   io.Reader
	broken bool // there was something that is no letter, no white space and no padding at its end
	padded bool
}

// Read reads on. Letters behind the padding begin another text: read on with the first, as if they
// were one, they say something else than their sender wrote.
func (l *base64Letters) Read(into []byte) (n int, err error) {
	for n == 0 && err == nil && len(into) > 0 {
		var read int
		read, err = l.from.Read(into)
		for _, c := range into[:read] {
			switch {
			case c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9',
				c == '+' || c == '/':
				into[n] = c
				n++
				l.broken = l.broken || l.padded
			case c == '=':
				l.padded = true
			case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			default:
				l.broken = true
			}
		}
	}
	return n, err
}
