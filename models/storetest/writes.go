package storetest

import (
	"fmt"
	"path"
	"reflect"
	"runtime"
	"strings"
	"sync"

	"gorm.io/gorm/schema"

	"roomcover.dev/roomcover/models/domains"
)

// A domain may join the tables of any other in what it reads, and writes its own alone:
// otherwise the rules of a table stand in more than one package. Every statement of
// every test that has a database is held to that.

// root is the path of our sources, as the compiler wrote it down.
var root = func() string {
	_, file, _, _ := runtime.Caller(0)
	return strings.TrimSuffix(file, "models/storetest/writes.go")
}()

// foreignWritesMeant are writes into another domain's table that are meant, as
// "writer table", each with its reason.
var foreignWritesMeant = map[string]string{}

// owners returns the domain that each table belongs to.
var owners = sync.OnceValue(func() map[string]string {
	out := map[string]string{}
	for _, entity := range domains.Entities() {
		s, err := schema.Parse(entity, &sync.Map{}, schema.NamingStrategy{})
		if err != nil {
			panic(err)
		}
		out[s.Table] = path.Base(reflect.TypeOf(entity).PkgPath())
	}

	return out
})

// foreignWrite says which write of the statement belongs into another package; empty
// when none does. It looks at its callers, so it is called on the goroutine that
// executes the statement.
func foreignWrite(sql string, owners map[string]string) string {
	tables := writtenTables(sql)
	if len(tables) == 0 {
		return ""
	}

	writer := writer()
	if writer == "" {
		return ""
	}

	for _, table := range tables {
		owner, known := owners[table]
		if !known {
			owner = "no domain"
		}

		if owner == writer || foreignWritesMeant[writer+" "+table] != "" {
			continue
		}

		return fmt.Sprintf(
			"%s writes the table %s, which belongs to %s; call a function of that domain:\n%s",
			writer, table, owner, sql,
		)
	}

	return ""
}

// writtenTables returns the tables into which a statement writes, as far as it is the
// statement's own doing: not those that it locks, nor those that a constraint changes.
func writtenTables(sql string) (out []string) {
	rest := sql
	word := nextWord(&rest)
	switch strings.ToUpper(word) {
	case "INSERT", "REPLACE", "UPDATE", "DELETE", "MERGE", "TRUNCATE", "WITH":
	default:
		return nil
	}

	before := ""
	for ; word != ""; word = nextWord(&rest) {
		verb := strings.ToUpper(word)
		if last := sql[len(sql)-len(rest)-1]; last == '"' || last == '`' {
			verb = "" // a name, or a value as SQLite shows it: no keyword
		}
		switch {
		case verb == "INTO", verb == "FROM" && before == "DELETE", verb == "TRUNCATE":
			out = append(out, tableName(&rest))
		case verb == "UPDATE" && before != "FOR" && before != "KEY" && before != "DO":
			out = append(out, tableName(&rest))
		}

		before = verb
	}

	return out
}

// tableName reads the name of a table, without the words that may stand before it and
// without its schema.
func tableName(rest *string) string {
	for {
		switch name := nextWord(rest); strings.ToUpper(name) {
		case "ONLY", "TABLE", "OR", "IGNORE", "REPLACE", "ABORT", "ROLLBACK", "FAIL":
		default:
			if strings.HasPrefix(*rest, ".") {
				return tableName(rest)
			}
			return name
		}
	}
}

// nextWord cuts the next keyword, number or name off the statement, a name without its
// quotation marks. It leaps over literals and comments; empty at the end.
func nextWord(rest *string) string {
	s := *rest
	for s != "" {
		switch c := s[0]; {
		case c == '\'':
			_, s = cutQuoted(s)
		case c == '"' || c == '`':
			var name string
			name, *rest = cutQuoted(s)
			return name
		case strings.HasPrefix(s, "--"):
			_, s, _ = strings.Cut(s, "\n")
		case isWord(c):
			n := 1
			for n < len(s) && isWord(s[n]) {
				n++
			}
			*rest = s[n:]
			return s[:n]
		default:
			s = s[1:]
		}
	}

	*rest = ""
	return ""
}

// cutQuoted cuts off what stands between two of the quotation mark that s begins with;
// a doubled mark stands for itself.
func cutQuoted(s string) (inside, rest string) {
	mark := s[0]
	for i := 1; i < len(s); i++ {
		if s[i] != mark {
			continue
		}
		if i+1 < len(s) && s[i+1] == mark {
			i++
			continue
		}
		return s[1:i], s[i+1:]
	}

	return s[1:], ""
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// frames remembers what frameIn says of each program counter.
var frames sync.Map

// frame is a line of ours on the stack, or one that is not.
type frame struct {
	ours   bool
	writer string // empty: it may write everything
}

// writer returns the package of the nearest code of ours that executes a statement;
// empty for tests and for dev, which may write everything.
func writer() string {
	var pcs [64]uintptr
	n := runtime.Callers(4, pcs[:]) // from the caller of Trace
	for _, pc := range pcs[:n] {
		known, ok := frames.Load(pc)
		if !ok {
			f, _ := runtime.CallersFrames([]uintptr{pc}).Next()
			known, _ = frames.LoadOrStore(pc, frameIn(f.File))
		}

		if f := known.(frame); f.ours {
			return f.writer
		}
	}

	return ""
}

// frameIn returns who writes in a file: a domain by its name, another package of ours by
// its path. A function's name would not do: a closure that is inlined into another
// package bears that one's name.
func frameIn(file string) frame {
	inside, ours := strings.CutPrefix(file, root)
	if !ours {
		return frame{}
	}

	pkg := path.Dir(inside)
	switch {
	case strings.HasSuffix(file, "_test.go"),
		pkg == "models/storetest",
		strings.HasPrefix(pkg, "dev/"):
		return frame{ours: true}
	default:
		return frame{ours: true, writer: strings.TrimPrefix(pkg, "models/")}
	}
}
