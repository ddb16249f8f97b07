package privacy_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/privacy"
	"roomcover.dev/roomcover/models/storetest"
)

var (
	inventoryRow = regexp.MustCompile("(?m)^\\| `(\\w+\\.\\w+)` \\| ([\\w ]+) \\| (.+) \\|$")
	harmlessRow  = regexp.MustCompile("(?m)^\\| `(\\w+)` \\| ((?:`\\w+`(?:, )?)+) \\|$")
)

// classes reads the class and the fate of each column from docs/privacy.md.
func classes(t *testing.T) (class, fate map[string]string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/privacy.md")
	require.NoError(t, err)
	class, fate = map[string]string{}, map[string]string{}
	for _, m := range inventoryRow.FindAllStringSubmatch(string(text), -1) {
		require.Empty(t, class[m[1]], "%s stands there twice", m[1])
		class[m[1]], fate[m[1]] = m[2], m[3]
	}
	for _, m := range harmlessRow.FindAllStringSubmatch(string(text), -1) {
		for _, column := range strings.Split(strings.ReplaceAll(m[2], "`", ""), ", ") {
			require.Empty(t, class[m[1]+"."+column], "%s.%s stands there twice", m[1], column)
			class[m[1]+"."+column] = "nobody"
		}
	}
	return class, fate
}

// Each column of texts and bytes has a class, and each that names people a fate: a new one
// cannot be forgotten.
func TestS33_EachColumnHasAClass(t *testing.T) {
	class, _ := classes(t)
	env := storetest.SQLite(t)
	var columns []string
	for _, table := range storetest.TablesOf(t, env) {
		columns = append(columns, env.Strings(t, `
			SELECT '`+table+`.' || name FROM pragma_table_info('`+table+`')
			WHERE lower(type) IN ('text', 'blob')`)...)
	}
	require.Greater(t, len(columns), 400)
	for _, column := range columns {
		if strings.HasPrefix(column, "goose_") || strings.HasPrefix(column, "sqlite_") {
			continue
		}
		require.NotEmpty(t, class[column],
			"docs/privacy.md does not say what %s holds: add it under Each column", column)
		delete(class, column)
	}
	require.Empty(t, class, "columns that the schema has no more")
}

// What the inventory says of an erasure is what the domains do.
func TestS33_EachPersonalTableHasAFate(t *testing.T) {
	class, fate := classes(t)
	var erased, decided []string
	for _, e := range privacy.Erasures() {
		erased = append(erased, e.Table)
	}
	for _, f := range privacy.FreeTexts() {
		decided = append(decided, f.Place)
	}

	var named []string
	for column, says := range class {
		table, _, _ := strings.Cut(column, ".")
		switch said := fate[column]; {
		case says == "nobody":
		case says == "free text":
			require.Contains(t, decided, column)
			named = append(named, column)
		case strings.HasPrefix(said, "kept: "):
		default:
			require.Contains(t, []string{"replaced", "emptied", "deleted"}, said, column)
			if !strings.HasPrefix(table, "privacy_") {
				require.Contains(t, erased, table, column)
			}
		}
	}
	for _, place := range decided {
		if !slices.Contains(named, place) {
			require.Equal(t, "replaced", fate[place], "%s is looked through, and the inventory does not say so", place)
		}
	}
}
