// Package uploadtest sends uploads that say they are larger than anything that is taken, and
// stops after their beginning: who answers has refused them before they were read.
package uploadtest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	// Says is how many octets the uploads say they have.
	Says = 1 << 40
	// sent is how many of them come after the beginning: more than Go's server reads of a body
	// that its handler has left, so that it answers.
	sent = 512 << 10

	boundary = "uploadtest"
)

// FormType is the content type of Form.
const FormType = "multipart/form-data; boundary=" + boundary

// Form is the beginning of a form with a file, up to the file's first octets. The fields are
// names and values in turns.
func Form(field, name, content string, fields ...string) string {
	var out strings.Builder
	for i := 0; i+1 < len(fields); i += 2 {
		fmt.Fprintf(&out, "--%s\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n",
			boundary, fields[i], fields[i+1])
	}
	fmt.Fprintf(&out, "--%s\r\nContent-Disposition: form-data; name=%q; filename=%q\r\n"+
		"Content-Type: application/octet-stream\r\n\r\n%s", boundary, field, name, content)
	return out.String()
}

// Begin sends a request of which only the beginning ever comes, and returns the answer. It fails
// where there is none in time: then the server waits for the rest.
func Begin(t testing.TB, r *http.Request, begin string) (status int, body string) {
	t.Helper()
	conn, err := net.Dial("tcp", r.URL.Host)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(30*time.Second)))

	_, err = fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n",
		r.Method, r.URL.RequestURI(), r.URL.Host, int64(Says))
	require.NoError(t, err)
	require.NoError(t, r.Header.Write(conn))
	_, err = io.WriteString(conn, "\r\n"+begin+strings.Repeat("x", sent))
	require.NoError(t, err)

	res, err := http.ReadResponse(bufio.NewReader(conn), r)
	require.NoError(t, err, "it answers without the rest")
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(answer)
}
