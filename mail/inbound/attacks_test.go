package inbound_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/mail/inbound"
)

// Formatting that is never closed is begun again in each block behind it: a small page was a
// gigabyte.
func TestS44_ThousandsOfOpenFormatsCostNothing(t *testing.T) {
	var page strings.Builder
	page.WriteString("<p>Hello ")
	for i := range 500 {
		fmt.Fprintf(&page, "<i a=%d>", i)
	}
	page.WriteString("there</p>")
	for range 15_000 {
		page.WriteString("<p>x")
	}

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	text := inbound.TextOf(page.String())
	runtime.ReadMemStats(&after)

	require.True(t, strings.HasPrefix(text, "Hello there\n"), text[:40])
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(100_000_000))
}

func TestS44_FormattingChangesNoText(t *testing.T) {
	page := `<p>The <b>room</b> is <font style="display:none">secret</font><i>down</i>, ` +
		`<a href="https://a.example/x?a=1&amp;b=2"><strong>see</strong> here</a>.</p>` +
		`<script>if (a <b) { "<i>" }</script><p>A &lt;b&gt; in words</p>`
	require.Equal(t, "The room is down, see here (https://a.example/x?a=1&b=2).\n\nA <b> in words",
		inbound.TextOf(page))
}

// Each problem is told once, however often it stands in a mail.
func TestS44_ManyProblemsAreToldOnce(t *testing.T) {
	var mail strings.Builder
	mail.WriteString("From: eva@fremd.example\r\nTo: help@support.example\r\n" +
		"Content-Type: multipart/mixed; boundary=x\r\n\r\n")
	for range 100 {
		mail.WriteString("--x\r\n" + strings.Repeat("y\r\n", 10_000) + "\r\n")
	}
	mail.WriteString("--x--\r\n")

	m := readText(t, mail.String())
	require.Equal(t, []inbound.Problem{inbound.BrokenHeader}, m.Problems)
}

// A boundary is bounded: each line that may be one is compared with it.
func TestS44_ABoundaryWithoutEndIsNone(t *testing.T) {
	boundary := strings.Repeat("b", 10_000)
	m := readText(t, "From: eva@fremd.example\r\nTo: help@support.example\r\n"+
		"Content-Type: multipart/mixed;\r\n boundary=\""+boundary+"\"\r\n\r\n"+
		"--"+boundary+"\r\n\r\nHello\r\n--"+boundary+"--\r\n")
	require.Contains(t, m.Problems, inbound.BrokenParts)
}
