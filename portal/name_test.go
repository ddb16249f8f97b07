package portal

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestS63_ANameWithAnUnseenCharacterIsToldSo(t *testing.T) {
	for name, problem := range map[string]string{
		"Ana Souza":               "",
		"Ana\u200bSouza":          "name.unseen",
		"Ana\u202eSouza":          "name.unseen",
		"":                        "name.missing",
		"می\u200cخواهم":           "",
		strings.Repeat("a", 1000): "name.unusable",
	} {
		require.Equal(t, problem, nameProblem(name), "%q", name)
	}
}
