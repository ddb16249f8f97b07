package dial

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestS48_OnlyThePublicInternetIsReached(t *testing.T) {
	for _, address := range []string{
		"127.0.0.1:443", "127.8.9.1:443", "[::1]:443", "10.0.0.8:443", "172.16.1.1:443", "192.168.0.1:443",
		"169.254.169.254:443", "100.64.0.1:443", "0.0.0.0:443", "0.1.2.3:443", "224.0.0.1:443", "255.255.255.255:443",
		"198.18.0.1:443", "192.0.0.8:443", "[fe80::1]:443", "[fe80::1%eth0]:443", "[fc00::1]:443",
		"[fd00:ec2::254]:443", "[::ffff:10.0.0.1]:443", "[::ffff:127.0.0.1]:443", "[::10.0.0.1]:443", "[::]:443",
		"[64:ff9b::a00:1]:443", "[64:ff9b::7f00:1]:443", "[2002:0a00:0001::1]:443", "[2001:0:a00:1::]:443",
		"[ff02::1]:443", "[fec0::1]:443", "8.8.8.8:25", "8.8.8.8:22", "8.8.8.8:80", "8.8.8.8", "localhost:443",
	} {
		require.ErrorIs(t, mayReach(address, false), ErrRefused, address)
		if !strings.Contains(address, "127.") && !strings.Contains(address, "::1]") {
			require.ErrorIs(t, mayReach(address, true), ErrRefused, "%s, locally", address)
		}
	}
	for _, address := range []string{"8.8.8.8:443", "1.1.1.1:8443", "[2606:4700::1111]:443", "[2620:fe::fe]:9443"} {
		require.NoError(t, mayReach(address, false), address)
	}
	require.NoError(t, mayReach("127.0.0.1:80", true))
	require.NoError(t, mayReach("[::1]:8080", true))
}

func TestS48_AnAddressIsPlainHTTPS(t *testing.T) {
	for address, want := range map[string]error{
		"https://idp.example":               nil,
		"https://idp.example:8443/realms/a": nil,
		"https://8.8.8.8/":                  nil,
		"http://idp.example":                ErrInsecure,
		"http://localhost/":                 ErrInsecure,
		"https://user:word@idp.example":     ErrInsecure,
		"https://idp.example/#x":            ErrInsecure,
		"https:idp.example":                 ErrInsecure,
		"https:///x":                        ErrInsecure,
		"ftp://idp.example":                 ErrInsecure,
		"file:///etc/passwd":                ErrInsecure,
		"javascript:alert(1)":               ErrInsecure,
		"idp.example":                       ErrInsecure,
		"":                                  ErrInsecure,
		"https://10.0.0.1/":                 ErrRefused,
		"https://[::1]/":                    ErrRefused,
		"https://169.254.169.254/latest":    ErrRefused,
	} {
		if want == nil {
			require.NoError(t, Check(address, false), address)
			continue
		}
		require.ErrorIs(t, Check(address, false), want, address)
	}
	require.NoError(t, Check("http://localhost:9000/x", true))
	require.NoError(t, Check("http://127.0.0.1:9000/x", true))
	require.ErrorIs(t, Check("http://idp.example", true), ErrInsecure)
	require.ErrorIs(t, Check("https://10.0.0.1/", true), ErrRefused)
}

func TestS48_AClientStaysWhereItWasSent(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/there", http.StatusFound)
	})
	mux.HandleFunc("/there", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "there") })
	mux.HandleFunc("/long", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(bytes.Repeat([]byte("x"), mostBody+1))
	})
	mux.HandleFunc("/most", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(bytes.Repeat([]byte("x"), mostBody))
	})
	server := httptest.NewServer(mux)
	defer server.Close()

	_, err := Client(false).Get(server.URL + "/there")
	require.ErrorIs(t, err, ErrInsecure)
	_, err = Client(false).Get("https" + strings.TrimPrefix(server.URL, "http") + "/there")
	require.ErrorIs(t, err, ErrRefused)

	// A name of this machine is looked at where the connection is made.
	_, err = Client(false).Get("https://localhost:" + server.URL[strings.LastIndex(server.URL, ":")+1:])
	require.ErrorIs(t, err, ErrRefused)

	get := func(path string) (int, string, error) {
		answer, err := Client(true).Get(server.URL + path)
		require.NoError(t, err)
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		return answer.StatusCode, string(body), err
	}
	status, body, err := get("/there")
	require.NoError(t, err)
	require.Equal(t, 200, status)
	require.Equal(t, "there", body)
	status, _, err = get("/away")
	require.NoError(t, err)
	require.Equal(t, http.StatusFound, status)
	_, body, err = get("/most")
	require.NoError(t, err)
	require.Len(t, body, mostBody)
	_, _, err = get("/long")
	require.ErrorIs(t, err, ErrTooLong)
}
