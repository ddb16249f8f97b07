// Package crawltest walks through pages as a person does who follows every link, for the tests of
// the portal and of the console.
package crawltest

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"golang.org/x/net/html"
)

// Form is where a form or one of its buttons goes, as a page shows it.
type Form struct {
	Method string // GET or POST
	Path   string // without a query
	On     string // the page that shows it
}

// Crawl asks for the addresses and follows each link of each page, and returns the forms that
// were shown, each place once. Ask is one person's browser. A link that does not answer 200 fails
// the test with the page where it stands.
//
// Pages differ by what they are of and by how they are narrowed: of each kind, by the path
// without its ids and by the names in the query, a few are enough, and addresses that narrow by
// more than two things are made of links that were followed alone.
func Crawl(
	t testing.TB, begin []string, ask func(address string) (status int, mediaType, body string),
) (forms []Form, pages int) {
	t.Helper()
	from := map[string]string{} // where a link stands
	kinds := map[string]int{}
	shown := map[Form]bool{}
	queue := slices.Clone(begin)
	for ; len(queue) > 0; queue = queue[1:] {
		address := queue[0]
		status, mediaType, body := ask(address)
		pages++
		if !assert.Equal(t, 200, status, "%s, a link on %s", address, from[address]) ||
			!strings.HasPrefix(mediaType, "text/html") {
			continue
		}
		links, offered, text := read(address, body)
		assert.Empty(t, unsaid(text), "%s shows a message's key", address)

		for _, f := range offered {
			once := Form{Method: f.Method, Path: f.Path}
			if !shown[once] {
				shown[once] = true
				forms = append(forms, f)
			}
		}
		for _, link := range links {
			if _, known := from[link]; known || slices.Contains(begin, link) {
				continue
			}
			from[link] = address
			kind, narrowed := kindOf(link)
			if kinds[kind]++; kinds[kind] <= mostOfKind && narrowed <= 2 {
				queue = append(queue, link)
			}
		}
	}
	return forms, pages
}

// key is the key of a message, alone.
var key = regexp.MustCompile(`^(console|home|list|outcome|partners|portal|problem|` +
	`process|progress|promise|refused|rma|sla|spare|sync|tickets?|todo)(\.[A-Za-z_]+)+$`)

// unsaid finds the key of a message that no language has: a page shows the key in its place. Most
// words have no point, so that few are compared.
func unsaid(text string) string {
	for word := range strings.FieldsSeq(text) {
		if strings.Contains(word, ".") && key.MatchString(word) {
			return word
		}
	}
	return ""
}

// mostOfKind is how many addresses of a kind are asked for.
const mostOfKind = 2

// ids are the parts of a path that name one thing: an id, a code, or a number that people read.
var ids = regexp.MustCompile(`^([a-z]{3}_[0-9a-z]+|.*[0-9].*|[A-Z-]+)$`)

// kindOf is the kind of an address, and how many things it narrows by.
func kindOf(address string) (kind string, narrowed int) {
	path, query, _ := strings.Cut(address, "?")
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if ids.MatchString(part) {
			parts[i] = ":id"
		}
	}
	values, _ := url.ParseQuery(query)
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(parts, "/") + "?" + strings.Join(names, "&"), len(names)
}

// closesDialog is the method of a form that sends nothing.
const closesDialog = "DIALOG"

// read finds the links and the forms of a page, and what people read on it, each piece on a line.
// A link that changes the language is none: it is the same page.
func read(address, body string) (links []string, forms []Form, text string) {
	base, _ := url.Parse(address)
	resolve := func(to string) string {
		u, err := base.Parse(to)
		if err != nil || u.Host != "" || u.Scheme != "" || u.Query().Has("lang") {
			return ""
		}
		u.Fragment = ""
		return u.String()
	}
	path := func(to string) string {
		at, _, _ := strings.Cut(resolve(to), "?")
		return at
	}

	var words strings.Builder
	form := Form{}
	buttons, own := 0, 0 // of the form, and those of them that go to its own address
	pages := html.NewTokenizer(strings.NewReader(body))
	for {
		kind := pages.Next()
		if kind == html.ErrorToken {
			return links, forms, words.String()
		}
		token := pages.Token()
		if kind == html.TextToken {
			words.WriteString(token.Data)
			words.WriteString("\n")
			continue
		}
		if kind == html.EndTagToken && token.Data == "form" && (own > 0 || buttons == 0) &&
			form.Method != closesDialog {
			forms = append(forms, form)
		}
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		has := map[string]string{}
		for _, a := range token.Attr {
			has[a.Key] = a.Val
		}
		switch token.Data {
		case "a", "link":
			if to := resolve(has["href"]); to != "" && has["href"] != "" {
				links = append(links, to)
			}
		case "img", "script":
			if to := resolve(has["src"]); to != "" && has["src"] != "" {
				links = append(links, to)
			}
		case "form":
			form = Form{
				Method: strings.ToUpper(has["method"]),
				Path:   path(has["action"]),
				On:     address,
			}
			if form.Method == "" {
				form.Method = "GET"
			}
			buttons, own = 0, 0
		case "button", "input":
			to, elsewhere := has["formaction"]
			sends := token.Data == "button" && has["type"] != "button" || has["type"] == "submit"
			if sends {
				buttons++
			}
			if sends && !elsewhere {
				own++
			}
			if !elsewhere {
				continue
			}
			button := Form{Method: strings.ToUpper(has["formmethod"]), Path: path(to), On: address}
			if button.Method == "" {
				button.Method = form.Method
			}
			forms = append(forms, button)
		}
	}
}
