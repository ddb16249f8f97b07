package web

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAFileComputesNothing(t *testing.T) {
	marked := []string{
		"=1+1", "+55", "-1", "@SUM(A1)", "|calc", "%0A", "＝1", "＋1", "－1", "＠A1", "\tx", "\rx",
		"Sala;=1+1", "Sala,@A1", "Sala\t+1", "Sala\n=1", "Sala\r\n-1",
	}
	for _, text := range marked {
		require.Equal(t, "'"+text, Cell{Text: text}.InFile(), "%q", text)
	}
	for _, text := range []string{"", "Sala 1", "a=b", "Rua A, 5 - 2; casa", "ana@acme.example", "50%"} {
		require.Equal(t, text, Cell{Text: text}.InFile(), "%q", text)
	}
	require.Equal(t, "'=1", Cell{Text: "one", Plain: "=1"}.InFile())
}
