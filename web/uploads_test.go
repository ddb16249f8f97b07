package web_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/attachment"
	"roomcover.dev/roomcover/web"
	"roomcover.dev/roomcover/web/uploadtest"
)

// counted counts what is read of a body.
type counted struct {
	io.Reader
	read int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read += n
	return n, err
}

func formOf(body io.Reader, length int64) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", body)
	r.Header.Set("Content-Type", uploadtest.FormType)
	r.ContentLength = length
	return r
}

// Of a form that says that it is too large, the fields in front of its files are read, and no
// file.
func TestS43_AFormThatSaysThatItIsTooLargeIsNotRead(t *testing.T) {
	begin := uploadtest.Form("files", "video.mp4", "", "text", "Here is the log.", "once", "1")
	body := &counted{Reader: io.MultiReader(
		strings.NewReader(begin), bytes.NewReader(make([]byte, 8<<20)))}
	fields, files, err := web.ReadUploads(formOf(body, web.MaxFormBody+1), true)
	require.NoError(t, err)
	require.Equal(t, "Here is the log.", fields.Get("text"))
	require.Equal(t, []web.Upload{{Name: "video.mp4", Wrong: web.FileCutOff}}, files)
	require.Less(t, body.read, 64<<10)
}

// A file is judged by its first octets before anything of it is kept; what comes behind it in
// the form is read all the same.
func TestS43_AFileOfNoKindIsNotKept(t *testing.T) {
	begin := uploadtest.Form("files", "setup.exe", "MZ\x90\x00", "text", "Here is the log.")
	behind := "\r\n--uploadtest\r\nContent-Disposition: form-data; name=\"act\"\r\n\r\nsend\r\n--uploadtest--\r\n"
	most := attachment.MaxFile + 1
	whole := begin + strings.Repeat("\x00", most) + behind
	fields, files, err := web.ReadUploads(formOf(strings.NewReader(whole), int64(len(whole))), true)
	require.NoError(t, err)
	require.Equal(t, []web.Upload{{Name: "setup.exe", Wrong: web.FileKind}}, files)
	require.Equal(t, "send", fields.Get("act"))

	begin = uploadtest.Form("files", "sala.log", "no signal ")
	for length, wrong := range map[int]web.FileWrong{
		attachment.MaxFile:     "",
		attachment.MaxFile + 1: web.FileTooLarge,
	} {
		whole := begin + strings.Repeat("x", length-len("no signal ")) + behind
		_, files, err := web.ReadUploads(formOf(strings.NewReader(whole), int64(len(whole))), true)
		require.NoError(t, err)
		require.Len(t, files, 1)
		require.Equal(t, wrong, files[0].Wrong)
		if wrong == "" {
			require.Len(t, files[0].Content, length)
		} else {
			require.Nil(t, files[0].Content)
		}
	}
}
