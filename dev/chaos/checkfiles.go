package chaos

import (
	"context"
	"embed"
	"io/fs"
	"path"
	"strings"
)

// checkFiles are the checks in SQL, one a file. Each file begins with two comments,
// "-- check: name" and "-- rule: what is wrong where it finds something".
//
//go:embed checks/*.sql
var checkFiles embed.FS

// queries are the checks of the facts against each other, in the order of their files.
var queries = mustReadQueries()

// query is a check in SQL: every row it finds is a violation. The first column
// is the subject, the second says more.
type query struct{ name, what, sql string }

func mustReadQueries() []query {
	files, err := fs.Glob(checkFiles, "checks/*.sql")
	if err != nil {
		panic(err)
	}

	out := make([]query, len(files))
	for i, file := range files {
		out[i] = mustReadQuery(file)
	}

	return out
}

// mustReadQuery reads the check of a file, which is part of the program.
func mustReadQuery(file string) query {
	text, err := checkFiles.ReadFile(file)
	if err != nil {
		panic(err)
	}

	lines := strings.SplitN(string(text), "\n", 3)
	name, named := strings.CutPrefix(lines[0], "-- check: ")
	what, ruled := strings.CutPrefix(lines[1], "-- rule: ")
	if !named || !ruled {
		panic(file + " does not begin with its check and its rule")
	}

	return query{name, what, string(text)}
}

// countOf counts what the check of that file finds.
func countOf(file string) string {
	q := mustReadQuery(path.Join("checks", file+".sql"))
	return "SELECT count(*) FROM (\n" + q.sql + ") q"
}

func (q query) run(ctx context.Context, e Evidence, report func(string, string, ...any)) error {
	rows, err := e.Rows.QueryContext(ctx, q.sql)
	if err != nil {
		return err
	}
	defer rows.Close()

	for rows.Next() {
		var subject, more string
		if err := rows.Scan(&subject, &more); err != nil {
			return err
		}
		report(subject, "%s (%s)", q.what, more)
	}

	return rows.Err()
}
