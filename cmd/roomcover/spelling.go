package main

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"roomcover.dev/roomcover/rules"
)

// spelling is how a command calls what the API calls by fields: by a flag, by an argument, or
// behind -w.
type spelling struct {
	flags map[string]bool
	args  map[string]bool
	with  bool // takes fields of the API behind -w
}

// spellingOf reads the flags and arguments of the command that was given.
func spellingOf(command *kong.Node) spelling {
	s := spelling{flags: map[string]bool{}, args: map[string]bool{}}
	for ; command != nil; command = command.Parent {
		for _, f := range command.Flags {
			s.flags[f.Name] = true
		}
		for _, arg := range command.Positional {
			s.args[arg.Name] = true
		}
	}

	s.with = s.flags["with"]
	return s
}

// otherNames are fields that commands call otherwise.
var otherNames = map[string]string{
	"contact_name":       "name",
	"authorised_from":    "authorised-from",
	"acknowledged_terms": "terms",
	"spare_unit_id":      "spare",
	"licence_ids":        "license",
	"parent_id":          "parent",
	"locale":             "language",
}

// of returns how the command calls a field; empty where it does not take it.
func (s spelling) of(field string) string {
	short := strings.TrimSuffix(strings.TrimSuffix(field, "_ids"), "_id")
	for _, name := range []string{
		strings.ReplaceAll(field, "_", "-"), strings.ReplaceAll(short, "_", "-"), otherNames[field],
	} {
		switch {
		case name == "":
		case s.flags[name]:
			return "--" + name
		case s.args[name]:
			return strings.ToUpper(name)
		}
	}

	if s.with {
		return "-w " + field + "=…"
	}
	return ""
}

// field says where an error is: the flag, the argument, or the place in a file.
func (s spelling) field(pointer string) string {
	parts := strings.Split(strings.Trim(pointer, "/"), "/")
	if len(parts) > 1 && (parts[0] == "query" || parts[0] == "header" || parts[0] == "path") {
		parts = parts[1:]
	}

	// a column of a file, whose place the message names
	if _, err := strconv.Atoi(parts[0]); err == nil && strings.HasPrefix(pointer, "/header/") {
		return "header"
	}

	if parts[0] == "address" && len(parts) == 2 { // commands take its fields one by one
		parts = parts[1:]
	}

	if name := s.of(parts[0]); name != "" {
		return name
	}

	// what no flag gives stands in a file, or in what the service has
	var words []string
	for i := 0; i < len(parts); i++ {
		word := strings.ReplaceAll(parts[i], "_", " ")
		if n, err := strconv.Atoi(word); err == nil && len(words) > 0 {
			last := len(words) - 1
			words[last] = strings.TrimSuffix(words[last], "s") + " " + strconv.Itoa(n+1)
			continue
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// apiForm is how texts of the API name fields and their values, which are in capitals.
var apiForm = regexp.MustCompile(
	`Nearly spelled so: [^.]+\.|\b[A-Z0-9]+(?:-[A-Z0-9]+)+\b|` +
		`\bthe field [a-z_]+|\b[a-z]+(?:_[a-z]+)+\b|\b[A-Z]{2,}(?:_[A-Z]+)+\b|\b[A-Z]{3,}\b`,
)

var aside = regexp.MustCompile(` \([A-Z]+(?:_[A-Z]+)+\)`) // a code behind its words

// abbreviations are written in capitals by everybody.
var abbreviations = []string{
	"API", "CSM", "CSV", "IANA", "ISO", "JSON", "PDF",
	"RFC", "RMA", "SKU", "TLS", "URL", "UTC", "UTF", "YYYY",
}

// text says in the words of the command what the API says of its fields and their values.
func (s spelling) text(text string) string {
	text = aside.ReplaceAllString(text, "")
	return strings.TrimSpace(apiForm.ReplaceAllStringFunc(text, func(said string) string {
		name := s.of(strings.TrimPrefix(said, "the field "))
		switch lower := strings.ToLower(said); {
		case slices.Contains(abbreviations, said), strings.Contains(said, "-"),
			strings.HasPrefix(said, "Nearly"): // models are written in capitals
			return said
		case lower != said: // a value, as it is typed
			return lower
		case name != "":
			return name
		}
		return said
	}))
}

// explain says everything that is wrong, by the flags that it concerns, and what to do. What
// was said already is not said again.
func (s spelling) explain(w io.Writer, message, remedy string, fields []rules.FieldError) {
	remedied := false
	for _, f := range fields {
		text := f.Remedy
		if f.Message != message {
			text = f.Message + " " + f.Remedy
		}
		remedied = remedied || f.Remedy == remedy
		fmt.Fprintf(w, "  %s: %s\n", s.field(f.Pointer), s.text(text))
	}
	if remedy != "" && !remedied {
		fmt.Fprintln(w, s.text(remedy))
	}
}
