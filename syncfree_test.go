package roomcover_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/config"
)

// Nothing requires Sync: what decides, stores and answers imports nothing of it, and
// no setting of it is required to start (R34b).
func TestR34b_NothingRequiresSync(t *testing.T) {
	for _, p := range packages(t) {
		from := strings.TrimPrefix(p.ImportPath, module)
		for _, decides := range []string{"rules", "models", "api", "portal", "mail"} {
			if from != decides && !strings.HasPrefix(from, decides+"/") {
				continue
			}
			for _, i := range p.Imports {
				to, ours := strings.CutPrefix(i, module)
				require.False(t, ours && (to == "sync" || strings.HasPrefix(to, "sync/")), "%s imports %s", from, to)
			}
		}
	}
	_, err := config.ReadFrom(map[string]string{})
	require.Error(t, err)
	require.NotContains(t, strings.ToUpper(err.Error()), "SYNC")
}
