package alerts

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/require"
)

// Prometheus understands what the dashboard asks. Which metrics those are, deploy's own tests hold
// to the code.
func TestPrometheusUnderstandsTheDashboard(t *testing.T) {
	raw, err := os.ReadFile("../grafana/roomcover.json")
	require.NoError(t, err)
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	require.NoError(t, json.Unmarshal(raw, &dashboard))

	understood := 0
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			// Grafana puts a time in place of its variable.
			expression := strings.ReplaceAll(target.Expr, "$__rate_interval", "5m")
			_, err := parser.NewParser(parser.Options{}).ParseExpr(expression)
			require.NoError(t, err, p.Title)
			understood++
		}
	}
	require.Greater(t, understood, 50)
}
