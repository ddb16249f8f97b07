package rowfile_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rowfile"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rulestest"
)

var columns = []rowfile.Column{
	{Name: "room", Needed: true},
	{Name: "country", Needed: true},
	{Name: "serial", Optional: true},
	{Name: "model", Optional: true},
}

// table reads a whole file, row by row.
func table(in io.Reader) (rows [][]string, lines []int, err error) {
	file, err := rowfile.OpenCSV(in, columns)
	for err == nil {
		var line int
		var cells []string
		if line, cells, err = file.Next(); err == nil {
			rows, lines = append(rows, append([]string{}, cells...)), append(lines, line)
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return rows, lines, err
}

func inUTF16(order binary.ByteOrder, text string) string {
	var b bytes.Buffer
	for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
		_ = binary.Write(&b, order, unit)
	}
	return b.String()
}

// What spreadsheets make of a table is read.
func TestFilesOfSpreadsheetsAreRead(t *testing.T) {
	plain := "room,country,serial,model\nSala São,BR,S1,MEETUP\nHall,DE,,\n"
	want := [][]string{{"Sala São", "BR", "S1", "MEETUP"}, {"Hall", "DE", "", ""}}
	for name, file := range map[string]string{
		"plain":                  plain,
		"byte order mark":        "\ufeff" + plain,
		"semicolons":             strings.ReplaceAll(plain, ",", ";"),
		"bars":                   strings.ReplaceAll(plain, ",", "|"),
		"tabs in UTF-16":         inUTF16(binary.LittleEndian, strings.ReplaceAll(plain, ",", "\t")),
		"UTF-16, big end first":  inUTF16(binary.BigEndian, plain),
		"CR alone":               strings.ReplaceAll(plain, "\n", "\r"),
		"CR and LF":              strings.ReplaceAll(plain, "\n", "\r\n"),
		"sep= names it":          "sep=;\r\n" + strings.ReplaceAll(plain, ",", ";"),
		"sep= behind the mark":   "\ufeffsep=;\n" + strings.ReplaceAll(plain, ",", ";"),
		"sep= in quotes":         "\"sep=;\"\n" + strings.ReplaceAll(plain, ",", ";"),
		"cut rows":               "room,country,serial,model\nSala São,BR,S1,MEETUP\nHall,DE\n",
		"empty columns behind":   "room,country,serial,model,,\nSala São,BR,S1,MEETUP,,\nHall,DE,,,,\n",
		"longer than the header": "room,country,serial,model\nSala São,BR,S1,MEETUP,,,\nHall,DE,,\n",
		"empty rows":             "room,country,serial,model\n,,,\nSala São,BR,S1,MEETUP\n\n\nHall,DE,,\n,,,\n\n",
		"blanks in the header":   "Room ,\u00a0country,SERIAL,model\nSala São,BR,S1,MEETUP\nHall,DE,,\n",
	} {
		t.Run(name, func(t *testing.T) {
			rows, _, err := table(iotest.OneByteReader(strings.NewReader(file)))
			require.NoError(t, err)
			require.Equal(t, want, rows)
		})
	}
}

func TestLinesAreThoseOfTheFile(t *testing.T) {
	_, lines, err := table(strings.NewReader("sep=;\nroom;country\nA;BR\n\n\"B\nB\";DE\nC;FR\n"))
	require.NoError(t, err)
	require.Equal(t, []int{3, 5, 7}, lines)
}

// A file that was cut off within a row must not look whole.
func TestTheLastRowOfAFileThatWasCutOffKeepsItsWidth(t *testing.T) {
	rows, _, err := table(strings.NewReader("room,country,serial,model\nA,BR,S1,MEETUP\nB,BR,S"))
	require.NoError(t, err)
	require.Equal(t, [][]string{{"A", "BR", "S1", "MEETUP"}, {"B", "BR", "S"}}, rows)

	rows, _, err = table(strings.NewReader("room,country,serial,model\nA\n"))
	require.NoError(t, err)
	require.Equal(t, [][]string{{"A"}}, rows, "what each row has is not cut off by a spreadsheet")
}

// What cannot be read is refused by its cause.
func TestUnreadableFilesAreToldWhy(t *testing.T) {
	head := "room,country,serial,model\n"
	for name, c := range map[string]struct{ file, says string }{
		"workbook":     {"PK\x03\x04\x14\x00\x06\x00", "Excel workbook"},
		"old workbook": {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel workbook"},
		"packed":       {"\x1f\x8b\x08\x00", "compressed"},
		"PDF":          {"%PDF-1.7\n", "a PDF"},
		"no mark":      {"r\x00o\x00o\x00m\x00,\x00", "UTF-8"},
		"open quote":   {head + "A,BR,\"S1,MEETUP\n" + strings.Repeat("B,BR,S2,MEETUP\n", 30_000), "begins on line 2"},
		"bare quote":   {head + "A\"B,BR,,\n", "breaks on line 2"},
		"many columns": {strings.Repeat("x,", 201) + "room\n", "more than 200 columns"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := table(strings.NewReader(c.file))
			var refusal *rules.Error
			require.ErrorAs(t, err, &refusal)
			require.Equal(t, rowfile.Unreadable, refusal.Code)
			require.Contains(t, refusal.Message, c.says)
			require.NotEmpty(t, refusal.Remedy)
			require.Empty(t, refusal.Fields)
		})
	}
}

// A header of millions of columns, and a row of them, cost what they are worth: nothing.
func TestEndlessRowsAreRefusedWithinBounds(t *testing.T) {
	for name, file := range map[string]string{
		"header":                  strings.Repeat("column,", 2_500_000) + "\n",
		"header of empty columns": strings.Repeat(",", 20<<20) + "\n",
		"row":                     "room,country\n" + strings.Repeat("A,", 10<<20),
		"text":                    "room,country\n\"" + strings.Repeat("A", 20<<20),
	} {
		t.Run(name, func(t *testing.T) {
			rulestest.WithinMemory(t, len(file), func() {
				_, _, err := table(strings.NewReader(file))
				require.Equal(t, rowfile.Unreadable, rules.CodeOf(err))
			})
		})
	}
}

func values(in io.Reader) (all []string, err error) {
	for raw, err := range rowfile.Values(in) {
		if err != nil {
			return all, err
		}
		all = append(all, string(raw))
	}
	return all, nil
}

func TestJSONIsReadHoweverItIsWritten(t *testing.T) {
	want := []string{`{"a":"é"}`, `{"b":2}`}
	text := `[{"a":"é"},{"b":2}]`
	for name, file := range map[string]string{
		"plain":           text,
		"byte order mark": "\ufeff" + text,
		"UTF-16":          inUTF16(binary.LittleEndian, text),
		"lines":           "\ufeff{\"a\":\"é\"}\r\n{\"b\":2}\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			all, err := values(iotest.OneByteReader(strings.NewReader(file)))
			require.NoError(t, err)
			require.Equal(t, want, all)
		})
	}
}

func TestAnEndlessValueIsRefusedWithinBounds(t *testing.T) {
	for name, file := range map[string]string{
		"text":   `["` + strings.Repeat("A", 40<<20),
		"list":   strings.Repeat("[1,", 10<<20),
		"object": `{"a":` + strings.Repeat(`{"a":`, 8<<20),
		"blanks": "[" + strings.Repeat(" ", 40<<20),
	} {
		t.Run(name, func(t *testing.T) {
			rulestest.WithinMemory(t, len(file), func() {
				_, err := values(strings.NewReader(file))
				require.Equal(t, rowfile.Unreadable, rules.CodeOf(err))
			})
		})
	}
}

func TestReadersErrorsComeThrough(t *testing.T) {
	fault := errors.New("the disk is gone")
	_, _, err := table(iotest.ErrReader(fault))
	require.ErrorIs(t, err, fault)
	_, err = values(iotest.ErrReader(fault))
	require.ErrorIs(t, err, fault)
}

func FuzzCSV(f *testing.F) {
	for _, seed := range []string{
		"room,country\nA,BR\n", "sep=;\nroom;country\nA;BR", "\ufeffroom\tcountry\r\nA\tBR\r\n",
		"room,country\rA,BR\r", "room,country,,\nA,BR,,,\n", "\xff\xfer\x00", "PK\x03\x04", "\"", "room,country\n\"A",
		inUTF16(binary.BigEndian, "room,country\nA,BR\n"), strings.Repeat(",", 300),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rulestest.WithinMemory(t, len(data), func() {
			last := 0
			rows, lines, err := table(bytes.NewReader(data))
			for i, line := range lines {
				if line <= last || len(rows[i]) == 0 {
					t.Fatalf("row %d on line %d after %d", i, line, last)
				}
				last = line
			}
			told(t, err)
		})
	})
}

func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`[{"a":1},{"b":[2,"x"]}]`, "{}\n{}", "\ufeff[]", "[", `[1,2`, `["\ud800"]`, "\xff\xfe[\x00]\x00", "[[[[[[",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rulestest.WithinMemory(t, len(data), func() {
			_, err := values(bytes.NewReader(data))
			told(t, err)
		})
	})
}

// told holds that a file is read, or refused with a bounded number of errors.
func told(t *testing.T, err error) {
	t.Helper()
	var refusal *rules.Error
	if err == nil {
		return
	}
	if !errors.As(err, &refusal) || len(refusal.Fields) > rules.MaxFieldErrors+1 {
		t.Fatalf("%v", err)
	}
}
