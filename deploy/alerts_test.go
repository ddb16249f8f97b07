package deploy_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each alert leads to the line that says what to do, and each such line has its alert.
func TestEachAlertHasItsLineInTheOperationsGuide(t *testing.T) {
	raw, err := os.ReadFile("alerts.yml")
	require.NoError(t, err)
	guide := operationsGuide(t)
	alerts := regexp.MustCompile(`(?m)^ +- alert: (\w+)$`).FindAllStringSubmatch(string(raw), -1)
	require.GreaterOrEqual(t, len(alerts), 8)
	for _, alert := range alerts {
		anchor := strings.ToLower(alert[1])
		require.Contains(t, string(raw), "runbook: docs/operations.md#"+anchor+"\n")
		require.Contains(t, guide, `<a id="`+anchor+`"></a>`+"`"+alert[1]+"` |")
	}
	require.Equal(t, len(alerts), strings.Count(guide, `<a id="roomcover`))
	require.Equal(t, len(alerts), strings.Count(string(raw), "expr: "))
}
