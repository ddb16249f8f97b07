package inbound

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// TextOf makes plain text of a page: blocks become lines, a link is followed by its address,
// quotations begin with ">", and what no reader sees is left out.
func TextOf(page string) string {
	root, err := html.Parse(strings.NewReader(withoutFormatting(page)))
	if err != nil {
		return withoutTags(page)
	}
	w := pageWriter{}
	w.write(root, 0)
	return w.text()
}

// formatting are the elements that are begun again in each block behind them that they were not
// closed before: what an open one costs grows with the blocks of the page. They change nothing in
// a text.
var formatting = map[atom.Atom]bool{
	atom.B: true, atom.Big: true, atom.Code: true, atom.Em: true, atom.Font: true, atom.I: true,
	atom.Nobr: true, atom.S: true, atom.Small: true, atom.Strike: true, atom.Strong: true,
	atom.Tt: true, atom.U: true,
}

// withoutFormatting makes spans of a page's formatting elements, which may hide what they hold.
func withoutFormatting(page string) string {
	var out strings.Builder
	in := html.NewTokenizer(strings.NewReader(page))
	for {
		kind := in.Next()
		if kind == html.ErrorToken { // its end: a string has no other error
			return out.String()
		}
		raw := string(in.Raw()) // the tokenizer changes what it has given when it is asked further
		switch kind {
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			if t := in.Token(); formatting[t.DataAtom] {
				t.DataAtom, t.Data = atom.Span, "span"
				raw = t.String()
			}
		}
		out.WriteString(raw)
	}
}

type pageWriter struct {
	out   strings.Builder
	quote int  // how many quotations the writer is in
	fresh bool // nothing stands in the line yet
	pre   int
}

var (
	blocks = map[atom.Atom]bool{
		atom.Address: true, atom.Article: true, atom.Blockquote: true, atom.Center: true,
		atom.Dd: true, atom.Div: true, atom.Dl: true, atom.Dt: true, atom.Fieldset: true,
		atom.Footer: true, atom.Form: true, atom.H1: true, atom.H2: true, atom.H3: true,
		atom.H4: true, atom.H5: true, atom.H6: true, atom.Header: true, atom.Li: true,
		atom.Main: true, atom.Ol: true, atom.P: true, atom.Pre: true, atom.Section: true,
		atom.Table: true, atom.Tr: true, atom.Ul: true,
	}
	unseen = map[atom.Atom]bool{
		atom.Head: true, atom.Script: true, atom.Style: true, atom.Template: true,
		atom.Title: true, atom.Noscript: true, atom.Object: true, atom.Iframe: true,
		atom.Svg: true, atom.Textarea: true, atom.Select: true,
	}
	hiding = regexp.MustCompile(`(?i)display\s*:\s*none|visibility\s*:\s*hidden|` +
		`font-size\s*:\s*0(px|pt|em)?\s*(;|$)|mso-hide\s*:\s*all`)
)

// maxDepth ends the walk in a page that is nested deeper than any that a person wrote.
const maxDepth = 600

func (w *pageWriter) write(n *html.Node, depth int) {
	if depth > maxDepth {
		return
	}
	if n.Type == html.TextNode {
		w.word(n.Data)
		return
	}
	if n.Type == html.ElementNode && (unseen[n.DataAtom] || hidden(n)) {
		return
	}

	block := n.Type == html.ElementNode && blocks[n.DataAtom]
	if block {
		w.line()
	}
	switch n.DataAtom {
	case atom.Br:
		w.out.WriteByte('\n')
		w.fresh = true
	case atom.Hr:
		w.line()
		w.word("________________________________")
		w.line()
	case atom.Blockquote:
		w.quote++
	case atom.Pre:
		w.pre++
	case atom.Li:
		w.word("- ")
	case atom.Img:
		if alt := attribute(n, "alt"); alt != "" {
			w.word("[" + alt + "]")
		}
	}

	before := w.out.Len()
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		w.write(child, depth+1)
	}

	switch n.DataAtom {
	case atom.A:
		w.address(n, strings.TrimSpace(w.out.String()[before:]))
	case atom.Td, atom.Th:
		w.word(" ")
	case atom.Blockquote:
		w.line()
		w.quote--
	case atom.Pre:
		w.pre--
	}
	if block {
		w.line()
	}
	if n.DataAtom == atom.P {
		w.out.WriteByte('\n')
	}
}

// address writes where a link leads, unless its words say so already.
func (w *pageWriter) address(n *html.Node, words string) {
	target := strings.TrimSpace(attribute(n, "href"))
	bare := strings.TrimPrefix(target, "mailto:")
	scheme, _, _ := strings.Cut(strings.ToLower(target), ":")
	opens := scheme == "http" || scheme == "https" || scheme == "mailto"
	if !opens || strings.Contains(words, bare) {
		return
	}
	w.word(" (" + oneLine(bare) + ")")
}

// word writes text in the line, as a browser would: blanks and line ends are one blank.
func (w *pageWriter) word(text string) {
	if w.pre > 0 {
		lines := strings.Split(text, "\n")
		for i, line := range lines {
			if i > 0 {
				w.out.WriteByte('\n')
				w.fresh = true
			}
			w.begin(line)
			w.out.WriteString(line)
		}
		return
	}

	joined := strings.Join(strings.Fields(text), " ")
	if joined == "" {
		if text != "" && !w.fresh && w.out.Len() > 0 {
			w.blank()
		}
		return
	}
	w.begin(joined)
	if strings.TrimLeft(text, " \t\r\n") != text && !w.fresh {
		w.blank()
	}
	w.fresh = false
	w.out.WriteString(joined)
	if strings.TrimRight(text, " \t\r\n") != text {
		w.blank()
	}
}

func (w *pageWriter) blank() {
	if s := w.out.String(); !strings.HasSuffix(s, " ") && !strings.HasSuffix(s, "\n") {
		w.out.WriteByte(' ')
	}
}

// begin writes the marks of the quotations in front of a line.
func (w *pageWriter) begin(text string) {
	if w.out.Len() > 0 && !strings.HasSuffix(w.tail(), "\n") || text == "" {
		return
	}
	w.out.WriteString(strings.Repeat("> ", w.quote))
	w.fresh = true
}

func (w *pageWriter) tail() string {
	s := w.out.String()
	return s[max(0, len(s)-1):]
}

// line ends the line, if anything stands in it.
func (w *pageWriter) line() {
	if w.out.Len() > 0 && w.tail() != "\n" {
		w.out.WriteByte('\n')
	}
	w.fresh = true
}

var manyLines = regexp.MustCompile(`\n{3,}`)

func (w *pageWriter) text() string {
	lines := strings.Split(visible(w.out.String()), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(strings.ReplaceAll(line, "\u00a0", " "), " \t")
	}
	return strings.TrimSpace(manyLines.ReplaceAllString(strings.Join(lines, "\n"), "\n\n"))
}

func hidden(n *html.Node) bool {
	for _, a := range n.Attr {
		if a.Key == "hidden" || a.Key == "style" && hiding.MatchString(a.Val) {
			return true
		}
	}
	return false
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

var anyTag = regexp.MustCompile(`(?s)<[^>]*>`)

// withoutTags is what is left of a page that cannot be read as one.
func withoutTags(page string) string {
	return visible(html.UnescapeString(anyTag.ReplaceAllString(page, " ")))
}
