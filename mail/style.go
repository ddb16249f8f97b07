package mail

import (
	_ "embed"
	"strings"
)

// Mail readers drop style sheets, so every element carries its own style. The
// templates stay readable all the same: they use plain tags, and styled puts
// the style in when the templates are parsed. Data comes in later and is
// escaped, so it is never touched by this.
const font = `-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif`

// stylesheet holds pairs of lines, a plain tag and what stands for it in a mail; an
// empty line parts the pairs.
//
//go:embed inlinestyles.html
var stylesheet string

var inlineStyles = readStyles()

func readStyles() *strings.Replacer {
	var tags []string
	for line := range strings.Lines(strings.ReplaceAll(stylesheet, "{font}", font)) {
		if tag := strings.TrimSuffix(line, "\n"); tag != "" {
			tags = append(tags, tag)
		}
	}
	return strings.NewReplacer(tags...)
}

// styled puts the inline styles into a template's source. The button keeps
// the style it has.
func styled(source string) string {
	const button = `<a href="{{.url}}" style=`
	return strings.ReplaceAll(inlineStyles.Replace(source), inlineStyles.Replace(button), button)
}
