package rowfile

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"roomcover.dev/roomcover/rules"
)

// Column is one column that a CSV file may or must have, by its name or by what else people
// call it; case, accents, and blanks for underscores make no other name. A Needed one is
// filled in on each row: a row that ends before it is broken, and not one whose empty cells
// were cut off.
type Column struct {
	Name     string
	Also     []string
	Optional bool
	Needed   bool
}

// MaxColumns and MaxRow bound a CSV file: the columns of its header, and the bytes of one
// row.
const (
	MaxColumns = 200
	MaxRow     = 256 << 10
)

// CSVFile reads a CSV file row by row.
type CSVFile struct {
	// At are the places of the file's columns among the known ones.
	At []int

	columns []Column
	src     *csv.Reader
	buffer  *bufio.Reader
	in      *budget
	skipped int // lines before the header
	line    int // where the last row began
}

// OpenCSV finds out how a CSV file is written and reads its header. It takes UTF-8 and
// UTF-16, any line end, the separators comma, semicolon, tab and bar, a first line such as
// "sep=;", and columns without a name behind the others. Errors: FILE_UNREADABLE with the
// cause or with every wrong column, io.EOF for a file without a header, or the reader's
// own.
func OpenCSV(r io.Reader, columns []Column) (*CSVFile, error) {
	text, err := openText(r)
	if err != nil {
		return nil, err
	}

	c := &CSVFile{columns: columns, in: &budget{in: lineEnds(text)}}
	c.buffer = bufio.NewReaderSize(c.in, readAhead)
	c.in.next(MaxRow)
	c.src = csv.NewReader(c.buffer)
	c.src.FieldsPerRecord, c.src.ReuseRecord = -1, true
	c.src.Comma = c.separator()

	_, record, err := c.read()
	if err != nil {
		return nil, err
	}

	record = withoutEmptyEnd(record, 0)
	if len(record) > MaxColumns {
		return nil, rules.Refuse(Unreadable,
			fmt.Sprintf("The file's header has more than %d columns.", MaxColumns),
			"Send the documented columns only.")
	}

	c.At, err = header(record, columns)
	return c, err
}

// separator finds the separator in the first line, which it skips where that only names
// the separator.
func (c *CSVFile) separator() rune {
	start, _ := c.buffer.Peek(readAhead)
	line, rest, _ := strings.Cut(string(start), "\n")
	if named, ok := separatorLine(line); ok {
		_, _ = c.buffer.Discard(len(start) - len(rest))
		c.skipped = 1
		return named
	}

	best := ','
	for _, separator := range separators {
		if strings.Count(line, string(separator)) > strings.Count(line, string(best)) {
			best = separator
		}
	}
	return best
}

// Next reads the next row that is not empty; line is where it begins. The cells are valid
// until the next call. A row has as many cells as the header: a spreadsheet cuts off those
// that are empty at its end, or adds some. One that has more, one that lacks what is needed,
// and one at the end of a file that was cut off keeps its own number, which WrongWidth
// tells. The error is io.EOF at
// the end, FILE_UNREADABLE for broken syntax, or the reader's own.
func (c *CSVFile) Next() (line int, cells []string, err error) {
	for {
		line, cells, err := c.read()
		if err != nil {
			return line, nil, err
		}
		if blank(cells) {
			continue
		}

		cells = withoutEmptyEnd(cells, len(c.At))
		if len(cells) < len(c.At) && !c.cutOff() && !c.lacks(len(cells)) {
			cells = append(cells, make([]string, len(c.At)-len(cells))...)
		}
		return line, cells, nil
	}
}

// lacks reports whether a row of n cells ends before one that each row has.
func (c *CSVFile) lacks(n int) bool {
	return slices.ContainsFunc(c.At[n:], func(place int) bool { return c.columns[place].Needed })
}

// cutOff reports whether the file ended within the row that was read last.
func (c *CSVFile) cutOff() bool {
	return c.in.ended && c.buffer.Buffered() == 0 && c.in.last != '\n'
}

func (c *CSVFile) read() (line int, record []string, err error) {
	c.in.next(MaxRow)
	record, err = c.src.Read()

	var syntax *csv.ParseError
	switch {
	case errors.Is(err, errTooLong):
		return c.line, nil, tooLong(c.line + 1)
	case errors.As(err, &syntax):
		return c.line, nil, rules.Refuse(Unreadable,
			fmt.Sprintf("The file is not well-formed CSV; it breaks on line %d.",
				syntax.Line+c.skipped),
			"Put texts with quotes or separators into double quotes, "+
				"and double the quotes in them.")
	case err != nil:
		return c.line, nil, err
	}

	c.line, _ = c.src.FieldPos(0)
	c.line += c.skipped
	return c.line, record, nil
}

// withoutEmptyEnd returns a row without the empty cells behind the first n.
func withoutEmptyEnd(cells []string, n int) []string {
	for len(cells) > n && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	return cells
}

func blank(cells []string) bool { return len(withoutEmptyEnd(cells, 0)) == 0 }

// WrongWidth is what a row of another width than the header is told.
func WrongWidth() rules.FieldError {
	return rules.FieldError{
		Code:    WrongColumns,
		Message: "The row has another number of columns than the header.",
		Remedy:  "Fill in every column, and quote texts that hold the separator.",
	}
}

// place says which column of a file it is, as a spreadsheet and a person count: "Column C
// (number 3)".
func place(i int) string {
	letters := ""
	for n := i + 1; n > 0; n = (n - 1) / 26 {
		letters = string(rune('A'+(n-1)%26)) + letters
	}
	return fmt.Sprintf("Column %s (number %d)", letters, i+1)
}

// nearColumns says which columns have nearly the name, in a sentence with a space before it;
// empty where none has.
func nearColumns(name string, columns []Column) string {
	var names []string
	for _, c := range columns {
		names = append(names, c.Name)
		names = append(names, c.Also...)
	}

	near := rules.Nearest(columnKey(name), names)
	if len(near) == 0 {
		return ""
	}
	return " Nearly spelled so: " + strings.Join(near, ", ") + "."
}

// header matches a file's first row with the known columns; unknown, double
// and missing ones are all told at once, by their place in the header.
func header(record []string, columns []Column) ([]int, error) {
	known := map[string]int{}
	for i, c := range columns {
		for _, name := range append([]string{c.Name}, c.Also...) {
			known[columnKey(name)] = i
		}
	}

	var fields []rules.FieldError
	fail := func(at any, code, message, near string) {
		fields = rules.AddFields(fields, rules.FieldError{
			Pointer: fmt.Sprintf("/header/%v", at),
			Code:    code,
			Message: message,
			Remedy:  "Use the documented columns, each once." + near,
		})
	}

	found := make([]int, len(record))
	seen := map[int]bool{}
	for i, text := range record {
		c, ok := known[columnKey(text)]
		switch {
		case !ok:
			fail(i, UnknownColumn, place(i)+" has a name that is none of a column.",
				nearColumns(text, columns))
		case seen[c]:
			fail(i, DuplicateColumn,
				place(i)+", "+columns[c].Name+", stands in the header before.", "")
		}

		found[i] = c
		seen[c] = seen[c] || ok
	}

	for i, c := range columns {
		if !c.Optional && !seen[i] {
			fail(c.Name, MissingColumn, "The column "+c.Name+" is missing.", "")
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

// columnKey returns the form of a column's name in which names are compared.
func columnKey(name string) string {
	return strings.ReplaceAll(rules.SearchKey(name), " ", "_")
}
