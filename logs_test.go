package roomcover_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// withoutTrace are lines of the log that belong to no request and no step.
var withoutTrace = []string{
	`o.Log.Error("the trusted proxies cannot be read; none is trusted", "error", err)`,
}

// A line about a request or a step names its trace only where it is given the context.
func TestLinesOfRequestsAndStepsAreGivenTheirContext(t *testing.T) {
	files := []string{"worker/alert.go", "worker/relay.go"}
	for _, folder := range []string{"activities", "api", "console", "portal", "scim", "web"} {
		found, err := filepath.Glob(folder + "/*.go")
		require.NoError(t, err)
		require.NotEmpty(t, found)
		files = append(files, found...)
	}

	without := regexp.MustCompile(`\b[lL]og\.(?:Error|Warn|Info|Debug)\(.*`)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, line := range strings.Split(string(text), "\n") {
			if without.MatchString(line) {
				require.Contains(t, withoutTrace, strings.TrimSpace(line), file)
			}
		}
	}
}
