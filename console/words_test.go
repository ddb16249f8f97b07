package console

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/rules/shipping"
)

// sourceOf is the code under a directory, tests apart, by file.
func sourceOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		found[path] = string(text)
		return err
	}))
	require.NotEmpty(t, found)
	return found
}

// verbGiven is what is written as the verb of an entry.
var verbGiven = regexp.MustCompile(`\bVerb:\s+"([^"]+)"`)

// verbLike is a string that has the form of a verb of the audit, such as one that a variable or
// another function hands on.
var verbLike = regexp.MustCompile(`"([a-z]+)(\.[a-z]+(?:_[a-z]+)*)"`)

// Whatever the models write into the audit has words in both languages: nobody reads a code.
func TestEveryVerbOfTheAuditHasWords(t *testing.T) {
	verbs := map[string]string{ // those that code composes: of a warranty's state, of a stock entry's kind
		"warranty.linked":  "models/warranty",
		"warranty.refused": "models/warranty",
	}
	for _, kind := range []shipping.StockKind{
		shipping.StockReceipt, shipping.StockReservation, shipping.StockRelease, shipping.StockShipment,
		shipping.StockAdjustment,
	} {
		verbs[logistics.StockVerb(kind)] = "models/logistics"
	}

	kinds := append([]string{"catalogue", "model", "country", "import", "cancellation", "spares"}, auditKinds...)
	for path, text := range sourceOf(t, "../models") {
		if strings.Contains(path, "/storetest/") {
			continue
		}
		for _, found := range verbGiven.FindAllStringSubmatch(text, -1) {
			verbs[found[1]] = path
		}
		for _, found := range verbLike.FindAllStringSubmatch(text, -1) {
			if verb := found[1] + found[2]; slices.Contains(kinds, found[1]) && !slices.Contains(noVerbs, verb) {
				verbs[verb] = path
			}
		}
	}

	require.Greater(t, len(verbs), 150, "the sources were read")
	for _, locale := range messages.Locales() {
		for verb, path := range verbs {
			require.True(t, messages.In(locale).Has("console.did."+verb), "%s of %s in %s", verb, path, locale)
		}
	}
}

// noVerbs have the form of a verb and are something else: what starts a workflow or tells others,
// and what is counted.
var noVerbs = []string{
	"order.start", "order.retry", "order.decided", "invitation.start", "invitation.retry", "invitation.closed",
	"mail.start", "import.start", "rma.start", "rma.retry", "spare.start", "spare.retry", "spares.earned",
	"spares.placed", "spares.ended", "ticket.start", "ticket.changed", "ticket.mails", "ticket.retry",
	"order.accept", "order.reject", "order.reopen", "order.cancel", "order.terminate", "act.due", // acts that are held
}

// One state has one name for operators: the words for customers are not theirs.
func TestOperatorsDoNotReadTheStatesForCustomers(t *testing.T) {
	for path, text := range sourceOf(t, ".") {
		require.NotRegexp(t, `Say\("(rma|spare)\."`, text, path)
	}
}
