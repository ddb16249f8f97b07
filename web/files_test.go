package web_test

import (
	"mime"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/web"
)

func TestS43_AFileIsHandedOutInASandbox(t *testing.T) {
	w := httptest.NewRecorder()
	require.NoError(t, web.ServeFile(w, web.File{
		Name:      "foto \"da\" sala é.png",
		MediaType: "image/png",
		Size:      3,
		Content:   strings.NewReader("abc"),
	}))
	require.Equal(t, "abc", w.Body.String())
	for name, want := range map[string]string{
		"Content-Type":                 "image/png",
		"Content-Length":               "3",
		"X-Content-Type-Options":       "nosniff",
		"Content-Security-Policy":      "default-src 'none'; sandbox",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Cache-Control":                "private, max-age=300",
	} {
		require.Equal(t, want, w.Header().Get(name), name)
	}
	kind, params, err := mime.ParseMediaType(w.Header().Get("Content-Disposition"))
	require.NoError(t, err)
	require.Equal(t, "attachment", kind)
	require.Equal(t, "foto _da_ sala é.png", params["filename"])
}

func TestS43_OnlyOurOwnPictureIsShownInAPage(t *testing.T) {
	w := httptest.NewRecorder()
	require.NoError(t, web.ServeThumbnail(w, "image/jpeg", []byte("jpeg")))
	require.Equal(t, "inline", w.Header().Get("Content-Disposition"))
	require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
	require.Equal(t, "default-src 'none'; sandbox", w.Header().Get("Content-Security-Policy"))
}
