package ics_test

import (
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/meeting/ics"
)

var update = flag.Bool("update", false, "write the golden files")

// read is a strict reader of what RFC 5545 asks for: lines that end with CRLF, of 75 octets at
// most, whose characters are whole; each property once but ATTENDEE; one event.
func read(t *testing.T, raw []byte) map[string][]string {
	t.Helper()
	require.True(t, utf8.Valid(raw))
	require.True(t, strings.HasSuffix(string(raw), "END:VCALENDAR\r\n"))
	var unfolded []string
	for _, line := range strings.Split(strings.TrimSuffix(string(raw), "\r\n"), "\r\n") {
		require.NotContains(t, line, "\n")
		require.NotContains(t, line, "\r")
		require.NotEmpty(t, line)
		require.LessOrEqual(t, len(line), 75, line)
		require.True(t, utf8.ValidString(line), "a character is cut in two: %q", line)
		if line[0] == ' ' || line[0] == '\t' {
			require.NotEmpty(t, unfolded)
			unfolded[len(unfolded)-1] += line[1:]
			continue
		}
		unfolded = append(unfolded, line)
	}

	out := map[string][]string{}
	for _, line := range unfolded {
		name, value := cut(t, line)
		name, params, _ := strings.Cut(name, ";")
		out[name] = append(out[name], value)
		if params != "" {
			out[name+";"] = append(out[name+";"], params)
		}
	}
	for name, values := range out {
		switch strings.TrimSuffix(name, ";") {
		case "BEGIN", "END":
			require.Len(t, values, 2, name)
		default:
			require.Len(t, values, 1, name)
		}
	}
	require.Equal(t, []string{"VCALENDAR", "VEVENT"}, out["BEGIN"])
	require.Equal(t, []string{"VEVENT", "VCALENDAR"}, out["END"])
	return out
}

// cut parts a line at the first colon that is in no quotes.
func cut(t *testing.T, line string) (name, value string) {
	t.Helper()
	quoted := false
	for i, r := range line {
		switch {
		case r == '"':
			quoted = !quoted
		case r == ':' && !quoted:
			return line[:i], line[i+1:]
		}
	}
	t.Fatalf("no colon: %q", line)
	return "", ""
}

// text reads a value of the type TEXT.
func text(value string) string {
	return strings.NewReplacer(`\\`, `\`, `\,`, ",", `\;`, ";", `\n`, "\n", `\N`, "\n").Replace(value)
}

var first = ics.Invitation{
	UID:      "tse_01kb@roomcover.example",
	Sequence: 0,
	Stamp:    time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
	Start:    time.Date(2026, 11, 24, 14, 0, 0, 0, time.FixedZone("São Paulo", -3*3600)),
	End:      time.Date(2026, 11, 24, 15, 0, 0, 0, time.FixedZone("São Paulo", -3*3600)),
	Summary:  "São Paulo – sessão; sala 4, câmera",
	Description: "Terça-feira, 24 de novembro de 2026, 14:00 às 15:00, horário de São Paulo.\n" +
		"Sessão – ação – conexão – câmera – português – sala é – reunião – não – já – amanhã\n" +
		`C:\temp; a, b`,
	Link:             "https://teams.microsoft.com/l/meetup-join/19%3ameeting_abc%40thread.v2/0?context=%7b%7d",
	OrganiserName:    `Roomcover: "Suporte", Brasil`,
	OrganiserAddress: "help@roomcover.example",
	AttendeeName:     "Ana Conceição",
	AttendeeAddress:  "ana@cliente.example",
}

func TestS46_InvitationsAreWhatCalendarsRead(t *testing.T) {
	moved := first
	moved.Sequence = 1
	moved.Start = first.Start.Add(24 * time.Hour)
	moved.End = first.End.Add(24 * time.Hour)
	off := moved
	off.Sequence = 2
	off.Cancelled = true

	last := -1
	for name, i := range map[string]ics.Invitation{"request": first, "update": moved, "cancel": off} {
		raw, err := ics.Write(i)
		require.NoError(t, err)
		golden := filepath.Join("testdata", name+".ics")
		if *update {
			require.NoError(t, os.WriteFile(golden, raw, 0o600))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		require.Equal(t, string(want), string(raw))
	}

	for _, i := range []ics.Invitation{first, moved, off} {
		raw, err := ics.Write(i)
		require.NoError(t, err)
		got := read(t, raw)
		require.Equal(t, []string{"2.0"}, got["VERSION"])
		require.Equal(t, []string{first.UID}, got["UID"], "the same for life")
		sequence, err := strconv.Atoi(got["SEQUENCE"][0])
		require.NoError(t, err)
		require.Greater(t, sequence, last)
		last = sequence

		require.Equal(t, []string{i.Start.UTC().Format("20060102T150405Z")}, got["DTSTART"])
		require.Equal(t, []string{i.End.UTC().Format("20060102T150405Z")}, got["DTEND"])
		require.Empty(t, got["DTSTART;"], "in UTC there is no zone to get wrong")
		require.Equal(t, []string{"20261123T120000Z"}, got["DTSTAMP"])
		require.Equal(t, i.Summary, text(got["SUMMARY"][0]))
		require.Equal(t, i.Description, text(got["DESCRIPTION"][0]))
		require.Equal(t, []string{i.Link}, got["URL"])
		require.Equal(t, i.Link, text(got["LOCATION"][0]))
		require.Equal(t, []string{"mailto:help@roomcover.example"}, got["ORGANIZER"])
		require.Equal(t, []string{"mailto:ana@cliente.example"}, got["ATTENDEE"])

		method, status := ics.Request, "CONFIRMED"
		if i.Cancelled {
			method, status = ics.Cancel, "CANCELLED"
		}
		require.Equal(t, []string{method}, got["METHOD"])
		require.Equal(t, method, i.Method())
		require.Equal(t, []string{status}, got["STATUS"])
	}
}

// Whatever stands in a text, lines are cut between characters.
func TestS46_LinesAreCutBetweenCharacters(t *testing.T) {
	for _, unit := range []string{"São Paulo – sessão ", "ã", "–", "会", "😀", "a", "xx ", "a\u0301", "👩‍💻 "} {
		for lead := range 8 {
			i := first
			i.Summary = strings.TrimSpace(strings.Repeat("x", lead) + strings.Repeat(unit, 60))
			i.Description = i.Summary
			i.AttendeeName = strings.Repeat("é", 80)
			raw, err := ics.Write(i)
			require.NoError(t, err)
			got := read(t, raw)
			require.Equal(t, i.Summary, text(got["SUMMARY"][0]), "%q", unit)
		}
	}
}

func TestS46_NobodyWritesLinesOfTheirOwn(t *testing.T) {
	i := first
	i.Summary = "a\r\nATTENDEE:mailto:eve@x.example"
	i.AttendeeName = "Ana\"\r\nATTENDEE:mailto:eve@x.example"
	i.OrganiserName = "x;ROLE=CHAIR:mailto:eve@x.example"
	i.Description = "b\x00\x07\rc\r\nEND:VEVENT"
	raw, err := ics.Write(i)
	require.NoError(t, err)
	got := read(t, raw)
	require.Equal(t, []string{"mailto:ana@cliente.example"}, got["ATTENDEE"])
	require.Equal(t, []string{"mailto:help@roomcover.example"}, got["ORGANIZER"])
	require.Equal(t, "b\nc\nEND:VEVENT", text(got["DESCRIPTION"][0]))

	for _, wrong := range []func(*ics.Invitation){
		func(i *ics.Invitation) { i.UID = "" },
		func(i *ics.Invitation) { i.End = i.Start },
		func(i *ics.Invitation) { i.AttendeeAddress = "ana@x.example\r\nX:y" },
		func(i *ics.Invitation) { i.OrganiserAddress = "Help <help@x.example>" },
		func(i *ics.Invitation) { i.AttendeeAddress = "" },
	} {
		i := first
		wrong(&i)
		_, err := ics.Write(i)
		require.Error(t, err)
	}
}
