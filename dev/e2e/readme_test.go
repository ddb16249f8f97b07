package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// shell is a folder as the README has it, with a development process that is up in it.
type shell struct {
	t   *testing.T
	dir string
}

// run runs a block of the README, word for word, and returns what it says.
func (s shell) run(block string) string {
	s.t.Helper()
	out, err := s.try(block)
	require.NoError(s.t, err, "%s\n%s", block, out)
	return out
}

func (s shell) try(block string) (string, error) {
	cmd := exec.CommandContext(s.t.Context(), "sh", "-euc", `eval "$(bin/roomcover-dev env)"`+"\n"+block)
	cmd.Dir = s.dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// await runs a command until what it says contains the text.
func (s shell) await(command, text string) {
	s.t.Helper()
	var said string
	require.Eventually(s.t, func() bool {
		said, _ = s.try(command)
		return strings.Contains(said, text)
	}, patience, 300*time.Millisecond, "%s never says %q", command, text)
}

var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// blocks are the commands below a heading of the README, block by block.
func blocks(t *testing.T, heading string) []string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	_, after, found := strings.Cut(string(text), "\n## "+heading+"\n")
	require.True(t, found, heading)
	part, _, _ := strings.Cut(after, "\n## ")

	var out []string
	for _, m := range shellBlock.FindAllStringSubmatch(part, -1) {
		out = append(out, m[1])
	}
	return out
}

// The README is walked word for word on a development process, from the first order to a
// replacement that is closed.
func TestTheReadmeLeadsToTheFirstReplacement(t *testing.T) {
	roomcover, dev := build(t)
	s := shell{t: t, dir: t.TempDir()}
	examples, err := filepath.Abs("../../examples")
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(filepath.Join(s.dir, "bin"), 0o700))
	require.NoError(t, os.Symlink(roomcover, filepath.Join(s.dir, "bin", "roomcover")))
	require.NoError(t, os.Symlink(dev, filepath.Join(s.dir, "bin", "roomcover-dev")))
	require.NoError(t, os.Symlink(examples, filepath.Join(s.dir, "examples")))

	n := free(t, 11)
	here, err := os.Getwd()
	require.NoError(t, err)
	t.Chdir(s.dir) // its data are in the folder data there
	up := start(t, os.Environ(), dev, "up", "--portal-port", n[0], "--temporal-port", n[1],
		"--temporal-ui-port", n[2], "--smtp-port", n[3], "--mails-port", n[4], "--carrier-port", n[5],
		"--issuer-port", n[6], "--mail-in-port", n[7], "--oidc-port", n[8], "--saml-port", n[9],
		"--sync-port", n[10])
	t.Chdir(here)
	awaitOK(t, "http://localhost:"+n[0]+"/readyz")
	require.Eventually(t, func() bool {
		return strings.Contains(up.out.String(), "Stop with Ctrl+C.")
	}, patience, 50*time.Millisecond)

	first := blocks(t, "Try it")
	require.Len(t, first, 4)
	require.Equal(t, "make dev\n", first[0])
	require.Contains(t, first[1], `eval "$(bin/roomcover-dev env)"`)
	s.run(first[2])
	require.Eventually(t, func() bool {
		var page struct{ Total int }
		text, ok := ask("http://127.0.0.1:" + n[4] + "/api/mails")
		return ok && json.Unmarshal([]byte(text), &page) == nil && page.Total == 4
	}, patience, 100*time.Millisecond, "three confirmations and the invitation")
	s.run(first[3])

	second := blocks(t, "Your first replacement")
	require.Len(t, second, 5)
	s.run(second[0])
	asked := s.run(second[1])
	require.NotContains(t, asked, "SERIAL_TOO_NEW")
	const show = "bin/roomcover rma show 2147LZ0A10 --json"
	s.await("bin/roomcover rma label 2147LZ0A10 --way out --out out-label.pdf", "The label of parcel")
	s.run(second[2])
	s.await(show, `"state": "AWAITING_RETURN"`)
	s.run(second[3])
	label, err := os.ReadFile(filepath.Join(s.dir, "return-label.pdf"))
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(label), "%PDF-"))

	handIn, rest, found := strings.Cut(second[4], "\n")
	require.True(t, found)
	s.run(handIn)
	s.await(show, `"state": "RETURN_IN_TRANSIT"`)
	require.Contains(t, s.run(rest), ": done")
	s.await(show, `"state": "CLOSED"`)
	require.Zero(t, up.stop(t))
}
