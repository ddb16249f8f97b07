package api

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"
)

func TestTrustedProxyAloneNamesTheCaller(t *testing.T) {
	for _, c := range []struct {
		name    string
		trusted []string
		want    string
	}{
		{"no proxy is trusted", nil, "192.0.2.1"},
		{"the balancer is trusted", []string{"192.0.2.0/24"}, "203.0.113.9"},
		{"another network is trusted", []string{"198.51.100.0/24"}, "192.0.2.1"},
		{"an unreadable network trusts none", []string{"nonsense"}, "192.0.2.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := NewRouter(Options{TrustedProxies: c.trusted})
			r.GET("/who", func(g *gin.Context) { g.String(http.StatusOK, g.ClientIP()) })
			request := httptest.NewRequest(http.MethodGet, "/who", nil)
			request.RemoteAddr = "192.0.2.1:" + strconv.Itoa(1234)
			request.Header.Set("X-Forwarded-For", "203.0.113.9")
			answer := httptest.NewRecorder()
			r.ServeHTTP(answer, request)
			require.Equal(t, c.want, answer.Body.String())
		})
	}
}
