package e2e

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// The whole story is played on the development process as README tells it, from the
// order to a return that is billed, and every check in it holds.
func TestTheDemoPlaysTheWholeStory(t *testing.T) {
	roomcover, dev := build(t)
	data, n := t.TempDir(), free(t, 11)
	up := start(t, os.Environ(), dev, "up", "--customer", "--day", "2s", "--data", data, "--portal-port", n[0],
		"--temporal-port", n[1],
		"--temporal-ui-port", n[2], "--smtp-port", n[3], "--mails-port", n[4], "--carrier-port", n[5],
		"--issuer-port", n[6], "--mail-in-port", n[7], "--oidc-port", n[8], "--saml-port", n[9],
		"--sync-port", n[10])
	awaitOK(t, "http://localhost:"+n[0]+"/readyz")
	told := command(t, os.Environ(), roomcover, "demo", "--data", data, "--url", "http://localhost:"+n[0],
		"--mails", "http://127.0.0.1:"+n[4], "--carrier", "http://127.0.0.1:"+n[5], "--wait", "5m")
	require.Contains(t, told, "11 of 11  Another order is canceled in its window")
	require.Regexp(t, `All \d+ checks held`, told)
	require.Contains(t, told, "http://localhost:"+n[0]+"/sign-in")
	require.Regexp(t, `e-mail    it@demo-\w+\.example\n +password  quatro cavalos azuis \w+`, told)
	require.Contains(t, told, "http://127.0.0.1:"+n[4]+"/?to=it%40demo-")
	for _, page := range []string{"orders/ord", "accounts/acc", "contracts/con", "replacements/rma", "spares/units/spu"} {
		require.Regexp(t, "http://localhost:"+n[0]+"/console/"+page+`_\w+\n`, told, "the tour leads to the console")
	}
	require.Regexp(t, "http://localhost:"+n[0]+`/console/tickets/TK-\w+\n`, told)
	require.Contains(t, told, "its clocks stand still from the approval until the delivery")

	// The simulated Sync takes part: a room that is down is one ticket, however often it is asked for.
	require.Regexp(t, `10 of 11  Sync says that a room is down: help in one click\n`, told)
	require.Regexp(t, `one click, and (TK-\w+) is open with severity 1\n +http://localhost:`+n[0]+
		`/console/tickets/TK-\w+\n`, told)
	require.Contains(t, told, "it never changes: its SHA-256 is ")
	require.Regexp(t, `a second click, and a colleague's program, are led to the same TK-\w+\n`, told)
	require.Contains(t, told, "http://localhost:"+n[0]+"/console/rooms-down\n")
	require.Contains(t, told, "http://localhost:"+n[0]+"/rooms?health=down\n")
	require.NotContains(t, told, "no Sync runs here")

	// From the beginning there is a customer whose Sync is connected.
	require.Regexp(t, `Customer +Demo \w+ Ltda: fifty rooms under cover, and its Sync is connected\n`+
		` +portal +http://localhost:`+n[0]+`/sign-in\n +e-mail +it@demo-\w+\.example\n`, up.out.String())
	require.Zero(t, up.stop(t))
}
