package rowfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"roomcover.dev/roomcover/rules"
)

// readAhead is how much of a file is looked at before it is read: enough for its first
// line.
const readAhead = 64 << 10

// openText returns a file's text in UTF-8 without a byte order mark. UTF-16 with its mark,
// as a spreadsheet's "Unicode text" has, is read too. What is no text is refused with
// FILE_UNREADABLE, by the name of what it is.
func openText(r io.Reader) (*bufio.Reader, error) {
	text := bufio.NewReaderSize(r, readAhead)
	start, _ := text.Peek(512)
	for _, known := range strangers {
		if bytes.HasPrefix(start, []byte(known.magic)) {
			return nil, rules.Refuse(Unreadable, "The file is "+known.name+", and no text.",
				known.remedy)
		}
	}

	switch {
	case bytes.HasPrefix(start, []byte("\xff\xfe")), bytes.HasPrefix(start, []byte("\xfe\xff")):
		utf16 := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder()
		return bufio.NewReaderSize(transform.NewReader(text, utf16), readAhead), nil
	case bytes.HasPrefix(start, []byte("\ufeff")):
		_, _ = text.Discard(len("\ufeff"))
	case bytes.IndexByte(start, 0) >= 0:
		return nil, rules.Refuse(Unreadable, "The file is not text in UTF-8.",
			`Save it as "CSV UTF-8", or as JSON in UTF-8.`)
	}

	return text, nil
}

// strangers are files that people send in place of text.
var strangers = []struct{ magic, name, remedy string }{
	{"PK\x03\x04", "an Excel workbook or another archive", `In Excel, save it as "CSV UTF-8".`},
	{"\xd0\xcf\x11\xe0", "an old Excel workbook", `In Excel, save it as "CSV UTF-8".`},
	{"\x1f\x8b", "compressed", "Unpack it, and send what was in it."},
	{"%PDF-", "a PDF", "Send the table as CSV or JSON."},
}

// errTooLong ends the reading of a file whose row or value does not end.
var errTooLong = errors.New("rowfile: a row is too long")

// budget hands on a reader, no more than what one row may take before the next begins.
type budget struct {
	in    io.Reader
	left  int
	ended bool // the reader has come to its end
	last  byte // the last one that was handed on
}

// next allows another row.
func (b *budget) next(most int) { b.left = most + readAhead }

// Read reads within the budget.
func (b *budget) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}

	n, err := b.in.Read(p[:min(len(p), b.left)])
	b.left -= n
	b.ended = b.ended || errors.Is(err, io.EOF)
	if n > 0 {
		b.last = p[n-1]
	}
	return n, err
}

// lineEnds hands on a text whose lines end in CR alone, as old Macintosh programs write
// it, with LF in its place. Other texts stay as they are.
func lineEnds(text *bufio.Reader) io.Reader {
	start, _ := text.Peek(readAhead)
	if bytes.IndexByte(start, '\r') < 0 || bytes.IndexByte(start, '\n') >= 0 {
		return text
	}
	return carriageReturns{text}
}

type carriageReturns struct{ in io.Reader }

func (c carriageReturns) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	for i, b := range p[:n] {
		if b == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
}

// separatorLine returns the separator that a spreadsheet's first line names, such as
// "sep=;"; none where the first line is something else.
func separatorLine(line string) (separator rune, ok bool) {
	line = strings.ToLower(strings.Trim(strings.TrimRight(line, "\r\n"), `"`))
	name, found := strings.CutPrefix(line, "sep=")
	switch {
	case !found:
		return 0, false
	case name == "\\t":
		return '\t', true
	}

	for _, known := range separators {
		if name == string(known) {
			return known, true
		}
	}
	return 0, false
}

// separators are those that a file may use.
const separators = ",;\t|"

func tooLong(line int) error {
	return rules.Refuse(Unreadable,
		fmt.Sprintf("The row that begins on line %d is longer than %d KiB.", line, MaxRow>>10),
		"Look for a double quote before it that is not closed.")
}
