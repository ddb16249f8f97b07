package rowfile

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"roomcover.dev/roomcover/rules"
)

// Column is one column that a CSV file may or must have.
type Column struct {
	Name     string
	Optional bool
}

// OpenCSV skips the byte order mark, finds the separator (comma, semicolon or
// tab) and reads the header; at[i] is the place in columns of the file's i-th
// column. Errors: FILE_UNREADABLE with every wrong column, io.EOF for a file
// without a header, or the reader's own.
func OpenCSV(r io.Reader, columns []Column) (src *csv.Reader, at []int, err error) {
	buffered := bufio.NewReaderSize(r, 64<<10)
	if mark, _ := buffered.Peek(3); string(mark) == "\ufeff" {
		_, _ = buffered.Discard(3)
	}

	start, _ := buffered.Peek(4096)
	line, _, _ := strings.Cut(string(start), "\n")
	src = csv.NewReader(buffered)
	src.FieldsPerRecord, src.ReuseRecord = -1, true

	for _, separator := range ";\t" {
		if strings.Count(line, string(separator)) > strings.Count(line, string(src.Comma)) {
			src.Comma = separator
		}
	}

	record, err := src.Read()
	if err != nil {
		return nil, nil, CSVError(err)
	}

	at, err = header(record, columns)
	return src, at, err
}

// CSVError tells a file with broken syntax from a reader that failed.
func CSVError(err error) error {
	var syntax *csv.ParseError
	if errors.As(err, &syntax) {
		return rules.Refuse(Unreadable,
			fmt.Sprintf("The file is not well-formed CSV; it breaks on line %d.", syntax.Line),
			"Put texts with quotes or separators into double quotes, "+
				"and double the quotes in them.")
	}
	return err
}

// Blank tells whether a CSV row has nothing in it.
func Blank(record []string) bool {
	return strings.TrimSpace(strings.Join(record, "")) == ""
}

// WrongWidth is what a row of another width than the header is told.
func WrongWidth() rules.FieldError {
	return rules.FieldError{
		Code:    WrongColumns,
		Message: "The row has another number of columns than the header.",
		Remedy:  "Fill in every column, and quote texts that hold the separator.",
	}
}

// header matches a file's first row with the known columns; unknown, double
// and missing ones are all told at once, by their place in the header.
func header(record []string, columns []Column) ([]int, error) {
	known := map[string]int{}
	for i, c := range columns {
		known[c.Name] = i
	}

	var fields []rules.FieldError
	fail := func(at any, code, message string) {
		fields = append(fields, rules.FieldError{
			Pointer: fmt.Sprintf("/header/%v", at),
			Code:    code,
			Message: message,
			Remedy:  "Use the documented columns, each once.",
		})
	}

	found := make([]int, len(record))
	seen := map[string]bool{}
	for i, text := range record {
		name := strings.ToLower(strings.TrimSpace(text))
		c, ok := known[name]
		switch {
		case !ok:
			fail(i, UnknownColumn, "There is no such column.")
		case seen[name]:
			fail(i, DuplicateColumn, "This column stands twice in the header.")
		}

		found[i], seen[name] = c, true
	}

	for _, c := range columns {
		if !c.Optional && !seen[c.Name] {
			fail(c.Name, MissingColumn, "This column is missing.")
		}
	}

	if len(fields) == 0 {
		return found, nil
	}

	refusal := rules.Refuse(Unreadable, "The file's header is not complete or not correct.",
		"Correct the header and send the file again.")
	refusal.Fields = fields
	return nil, refusal
}
