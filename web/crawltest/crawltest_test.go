package crawltest

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAMessagesKeyIsFoundAmongWhatPeopleRead(t *testing.T) {
	for body, want := range map[string]string{
		`<p>Hello <b>console.title</b></p>`:                    "console.title",
		`<p>tickets.state.open</p>`:                            "tickets.state.open",
		"<p>ask\u00a0rma.why_not\u00a0now</p>":                 "rma.why_not",
		`<p>Write to help@portal.example, or see console.</p>`: "",
		`<a href="console.title">All is well.</a>`:             "",
		`<p>sync</p><p>.places</p>`:                            "",
	} {
		_, _, text := read("/", body)
		assert.Equal(t, want, unsaid(text), body)
	}
}
