package portal

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"
)

// One line has a whole /56 of IPv6: a new address for each try must not be a
// new allowance.
func TestThrottlesCountAWholeIPv6Network(t *testing.T) {
	w := newWorld(t)
	s, err := newSite(Options{
		Domains:   w.Domains,
		Log:       slog.New(slog.DiscardHandler),
		PublicURL: "http://localhost:8080",
		Insecure:  true,
	})
	require.NoError(t, err)
	s.evenTime = 0
	engine := gin.New()
	s.mount(engine)
	try := func(address string) int {
		form := url.Values{"email": {"ana.souza@acme.example"}, "password": {"wrong"}}
		r := httptest.NewRequest(http.MethodPost, "/sign-in", strings.NewReader(form.Encode()))
		r.RemoteAddr = "[" + address + "]:4711"
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		answer := httptest.NewRecorder()
		engine.ServeHTTP(answer, r)
		return answer.Code
	}
	for i := range signInsEach {
		require.Equal(t, http.StatusUnprocessableEntity, try(fmt.Sprintf("2001:db8:0:1::%x", i+1)))
	}
	require.Equal(t, http.StatusTooManyRequests, try("2001:db8:0:ff::1"))
	require.Equal(t, http.StatusUnprocessableEntity, try("2001:db8:0:100::1"), "another network")
}
