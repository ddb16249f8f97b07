package console

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every sentence that stands in the code of a task is known to the catalog, so that nobody
// reads English in a console that speaks Portuguese; what a sentence is put together from is
// kept in the other language.
func TestS55_TasksSpeakTheReadersLanguage(t *testing.T) {
	w := issuerWorld(t)
	v := &visit{site: w.site, language: languageOf("pt-BR")}
	found := 0
	for _, sentence := range taskSentences(t) {
		found++
		said := v.tell(sentence)
		require.False(t, said.English, "the catalog does not know: %s", sentence)
		require.NotEqual(t, sentence, said.Text)
	}
	require.Greater(t, found, 50, "the sources were read")

	v.language = languageOf("en")
	for _, sentence := range taskSentences(t) {
		require.Equal(t, told{Text: sentence}, v.tell(sentence), "in English, as it is stored")
	}

	v.language = languageOf("pt-BR")
	for stored, want := range map[string]string{
		"RMA-7F3K2: Confirm the defect and approve the replacement, or reject it with a code.": "RMA-7F3K2: Confirme o " +
			"defeito e aprove a substituição, ou recuse com um código.",
		"No depot has 2 x Rally Bar (RALLY-BAR) free. It goes to BR, and it is promised for 2026-12-04.": "Nenhum " +
			"depósito tem 2 x Rally Bar (RALLY-BAR) livre. Vai para BR, e está prometido para 2026-12-04.",
		"Enter units that come to a depot and allocate one, or backorder it with the day on which one is expected: " +
			"the customer is told.": "Dê entrada nas unidades que chegam ao depósito e reserve uma, ou registre a " +
			"espera com o dia previsto: o cliente é avisado.",
		"PURCHASE_DATE_IN_FUTURE": "A data da compra é futura.",
		"SHIP_TO_NEW, SERIAL_NEW": "O cliente digitou um endereço que ninguém conferiu ainda; " +
			"Ninguém conferiu o comprovante do novo número de série.",
		"The step \"tell\" failed for good: line one\nline two": "A etapa \"tell\" falhou de vez: line one\nline two",
	} {
		require.Equal(t, told{Text: want}, v.tell(stored))
	}
	require.Equal(t, told{"Whatever nobody knows.", true}, v.tell("Whatever nobody knows."))
}

// taskSentences are what the sources say of tasks in whole sentences.
func taskSentences(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, root := range []string{"../models", "../worker", "../activities"} {
		require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") ||
				strings.Contains(path, "storetest") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CompositeLit:
					if typeName(n.Type) == "OperatorTask" || n.Type == nil {
						for _, part := range n.Elts {
							if field, ok := part.(*ast.KeyValueExpr); ok && isTold(field.Key) {
								out = append(out, constant(field.Value)...)
							}
						}
					}
				case *ast.AssignStmt:
					if s, ok := n.Lhs[0].(*ast.SelectorExpr); ok && isTold(s.Sel) && len(n.Rhs) == 1 {
						out = append(out, constant(n.Rhs[0])...)
					}
				case *ast.CallExpr:
					if s, ok := n.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "raise" {
						for _, arg := range n.Args {
							out = append(out, constant(arg)...)
						}
					}
				}
				return true
			})
			return nil
		}))
	}
	return out
}

func isTold(key ast.Expr) bool {
	name, ok := key.(*ast.Ident)
	return ok && (name.Name == "What" || name.Name == "Why")
}

func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// constant is a text that stands in the source as a whole; none where something is put into it.
func constant(e ast.Expr) []string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			text, err := strconv.Unquote(e.Value)
			if err == nil && strings.HasSuffix(text, ".") {
				return []string{text}
			}
		}
	case *ast.BinaryExpr:
		left, right := whole(e.X), whole(e.Y)
		if left != "" && strings.HasSuffix(right, ".") {
			return []string{left + right}
		}
	}
	return nil
}

func whole(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			text, _ := strconv.Unquote(e.Value)
			return text
		}
	case *ast.BinaryExpr:
		if left, right := whole(e.X), whole(e.Y); left != "" && right != "" {
			return left + right
		}
	}
	return ""
}
