package inbound_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"math/rand"
	"mime/quotedprintable"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/mail/inbound"
)

// withFile is a mail with a file as its part stands there.
func withFile(fields, body string) string {
	return "From: ana@alfa.example\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: text/plain\r\n\r\nsee below\r\n" +
		"--b\r\nContent-Disposition: attachment; filename=a.bin\r\n" + fields + "\r\n" + body +
		"\r\n--b--\r\n"
}

func readText(t *testing.T, raw string) inbound.Mail {
	t.Helper()
	m, err := inbound.Read(strings.NewReader(raw), inbound.Envelope{}, options)
	require.NoError(t, err)
	return m
}

// inLines is a text with a line end behind each so many letters.
func inLines(text string, letters int) string {
	var b strings.Builder
	for len(text) > letters {
		b.WriteString(text[:letters] + "\r\n")
		text = text[letters:]
	}
	return b.String() + text
}

// A file that is too large to be decoded at once comes in pieces, and is what was sent.
func TestS44_ALargeFileIsReadInPieces(t *testing.T) {
	content := make([]byte, 5<<20+12345)
	rand.New(rand.NewSource(2)).Read(content)
	letters := base64.StdEncoding.EncodeToString(content)
	var quoted strings.Builder
	w := quotedprintable.NewWriter(&quoted)
	w.Binary = true
	_, err := w.Write(content)
	require.NoError(t, err)
	require.NoError(t, w.Close())

	text := strings.Repeat("caf\xe9;1;2\r\n", 500_000)
	for name, c := range map[string]struct {
		fields, body string
		want         []byte
		broken       bool
	}{
		"base64": {
			"Content-Type: video/mp4\r\nContent-Transfer-Encoding: base64\r\n",
			inLines(letters, 76), content, false,
		},
		"base64 in one line": {
			"Content-Type: video/mp4\r\nContent-Transfer-Encoding: BASE64\r\n",
			letters, content, false,
		},
		"base64 in odd lines, with letters that do not belong there": {
			"Content-Type: video/mp4\r\nContent-Transfer-Encoding: base64\r\n",
			strings.ReplaceAll(inLines(letters, 77), "\r\n", "!\t \r\n"), content, true,
		},
		"quoted-printable": {
			"Content-Type: video/mp4\r\nContent-Transfer-Encoding: quoted-printable\r\n",
			quoted.String(), content, false,
		},
		"quoted-printable in one line": {
			"Content-Type: video/mp4\r\nContent-Transfer-Encoding: quoted-printable\r\n",
			strings.ReplaceAll(quoted.String(), "=\r\n", ""), content, false,
		},
		"a table in a charset of its own": {
			"Content-Type: text/csv; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n",
			text, []byte(text), false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := readText(t, withFile(c.fields, c.body))
			require.Len(t, m.Attachments, 1)
			file := m.Attachments[0].Content
			got, err := io.ReadAll(file.Reader())
			require.NoError(t, err)
			require.EqualValues(t, len(got), file.Size())
			require.Len(t, got, len(c.want))
			require.True(t, bytes.Equal(c.want, got))
			require.Equal(t, c.broken, len(m.Problems) > 0, "%v", m.Problems)
			require.Equal(t, "see below", m.Text)

			part := make([]byte, 3<<20) // over the pieces
			r := file.Reader()
			_, err = r.Seek(1<<20-7, io.SeekStart)
			require.NoError(t, err)
			_, err = io.ReadFull(r, part)
			require.NoError(t, err)
			require.True(t, bytes.Equal(c.want[1<<20-7:][:3<<20], part))
		})
	}
}

// Of a text nobody reads more than there is room for, in however many parts it comes; what is
// left out is said.
func TestS44_OfALargeTextTheBeginningIsRead(t *testing.T) {
	line := "No picture since Monday.\r\n"
	for _, kind := range []string{"text/plain", "text/html"} {
		part := "--b\r\nContent-Type: " + kind + "\r\n\r\n" + strings.Repeat(line, (3<<20)/len(line)) + "\r\n"
		m := readText(t, "From: ana@alfa.example\r\n"+
			"Content-Type: multipart/mixed; boundary=b\r\n\r\n"+strings.Repeat(part, 4)+"--b--\r\n")
		require.True(t, m.Truncated)
		require.LessOrEqual(t, len(m.Text), 200_000)
		require.True(t, strings.HasPrefix(m.Text, "No picture since Monday."))

		m = readText(t, "From: ana@alfa.example\r\nContent-Type: "+kind+"\r\n\r\n"+
			strings.Repeat(line, (9<<20)/len(line)))
		require.True(t, m.Truncated)
	}
}

// What does not belong into base64 is left out one by one, and costs no memory.
func TestS44_ALargePartWithoutALetterOfBase64IsEmpty(t *testing.T) {
	raw := withFile("Content-Type: video/mp4\r\nContent-Transfer-Encoding: base64\r\n",
		strings.Repeat(strings.Repeat("!", 76)+"\r\n", (8<<20)/78))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m := readText(t, raw)
	runtime.ReadMemStats(&after)
	require.Len(t, m.Attachments, 1)
	require.Zero(t, m.Attachments[0].Size())
	require.Contains(t, m.Problems, inbound.BrokenParts)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(8<<20))
}

// Two texts in base64 behind each other in one part do not decode to what was sent. The mail says
// that something is wrong with it.
func TestS44_TwoTextsInOnePartOfBase64AreNoted(t *testing.T) {
	first := base64.StdEncoding.EncodeToString([]byte("No picture"))
	second := base64.StdEncoding.EncodeToString([]byte("Since Monday."))
	require.Contains(t, first, "=")
	fields := "Content-Type: video/mp4\r\nContent-Transfer-Encoding: base64\r\n"
	require.Empty(t, readText(t, withFile(fields, first+"\r\n")).Problems)
	m := readText(t, withFile(fields, first+"\r\n"+second+"\r\n"))
	require.Equal(t, []inbound.Problem{inbound.BrokenParts}, m.Problems)
	require.Len(t, m.Attachments, 1)
}

// Small texts come in UTF-8 for as long as they do not make a mail much larger than it was; what
// comes beyond is what was sent.
func TestS44_FilesInACharsetDoNotGrowAMailThreefold(t *testing.T) {
	sent := strings.Repeat("\x80", 900<<10) // of three bytes each in UTF-8
	quoted := strings.Repeat("\x80", 70) + "=80=\r\n"
	fields := "Content-Type: text/csv; charset=windows-1252\r\n"
	for name, c := range map[string]struct{ fields, body, want string }{
		"8bit": {fields, sent, sent},
		"base64": {
			fields + "Content-Transfer-Encoding: base64\r\n",
			inLines(base64.StdEncoding.EncodeToString([]byte(sent)), 76),
			sent,
		},
		"quoted-printable": {
			fields + "Content-Transfer-Encoding: quoted-printable\r\n",
			strings.Repeat(quoted, 4000),
			strings.Repeat("\x80", 71*4000),
		},
	} {
		t.Run(name, func(t *testing.T) {
			part := "--b\r\nContent-Disposition: attachment; filename=a.csv\r\n" + c.fields
			small := part[:strings.LastIndex(part, "Content-Type")] + fields + "\r\n\x80 1\r\n"
			raw := "From: ana@alfa.example\r\nMIME-Version: 1.0\r\n" +
				"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + small +
				strings.Repeat(part+"\r\n"+c.body+"\r\n", 8) + "--b--\r\n"
			m := readText(t, raw)
			require.Len(t, m.Attachments, 9)
			total := int64(0)
			for i, a := range m.Attachments {
				total += a.Size()
				got, err := io.ReadAll(a.Content.Reader())
				require.NoError(t, err)
				if i == 0 {
					require.Equal(t, "\u20ac 1", string(got))
				} else if a.Size() == int64(len(c.want)) {
					require.Equal(t, c.want, string(got))
				}
			}
			require.LessOrEqual(t, total, int64(len(raw)+1<<20))
		})
	}
}
