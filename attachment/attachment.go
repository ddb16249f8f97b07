// Package attachment says which files people may attach to what they write (S43): by their
// content and by their name, within which limits, and how they are shown and handed out. It
// also speaks to whoever scans them. It keeps nothing; models/attachment does.
package attachment

import (
	"bytes"
	"fmt"
	"net/mail"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"roomcover.dev/roomcover/rules"
)

// The limits of S43. They hold for what is exactly as large, too.
const (
	MaxFile         = 10 << 20  // bytes of one file
	MaxMessage      = 25 << 20  // bytes of all files of one message
	MaxMessageFiles = 20        // files of one message
	MaxGroup        = 200 << 20 // bytes of all files of one ticket
)

// Codes of refusals. They are part of the API and never change their meaning.
const (
	Refused    = "ATTACHMENT_REFUSED"     // its content, or its name, is of no kind that is taken
	TooLarge   = "ATTACHMENT_TOO_LARGE"   // one file, a message or a ticket would have too much
	NotChecked = "ATTACHMENT_NOT_CHECKED" // the scanner has not said what it is
	Infected   = "ATTACHMENT_INFECTED"    // the scanner found something in it
	Gone       = "ATTACHMENT_GONE"        // its content was deleted when its time was over
)

// HeadSize is how many of a file's first bytes Check looks at.
const HeadSize = 16 << 10

// Kind is a kind of files that is taken.
type Kind struct {
	MediaType  string
	Extensions []string // the first one is given to a file without any
	Previewed  bool     // a small picture can be made of it
}

// Kinds lists what is taken. Text is the kind of every text that no program runs and no
// browser draws.
func Kinds() []Kind { return slices.Clone(kinds) }

const (
	typeText = "text/plain"
	typeCSV  = "text/csv"
	typeMail = "message/rfc822"
)

var kinds = []Kind{
	{MediaType: "image/png", Extensions: []string{".png"}, Previewed: true},
	{MediaType: "image/jpeg", Extensions: []string{".jpg", ".jpeg"}, Previewed: true},
	{MediaType: "image/webp", Extensions: []string{".webp"}, Previewed: true},
	{MediaType: "image/heic", Extensions: []string{".heic", ".heif"}},
	{MediaType: "application/pdf", Extensions: []string{".pdf"}},
	{MediaType: typeText, Extensions: []string{".txt", ".log"}},
	{MediaType: typeCSV, Extensions: []string{".csv"}},
	{MediaType: "application/zip", Extensions: []string{".zip"}},
	{MediaType: "video/mp4", Extensions: []string{".mp4"}},
	{MediaType: typeMail, Extensions: []string{".eml"}},
}

// found are the types by content that are of a kind; a text's own kind is said by its name,
// see kindOfText. Whatever is not here is refused, such as SVG, HTML, XML, programs, scripts,
// and archives that are more than archives.
var found = map[string]string{
	"image/png":                      "image/png",
	"image/apng":                     "image/png",
	"image/jpeg":                     "image/jpeg",
	"image/webp":                     "image/webp",
	"image/heic":                     "image/heic",
	"image/heic-sequence":            "image/heic",
	"image/heif":                     "image/heic",
	"image/heif-sequence":            "image/heic",
	"application/pdf":                "application/pdf",
	"application/zip":                "application/zip",
	"video/mp4":                      "video/mp4",
	"video/x-m4v":                    "video/mp4",
	"text/plain":                     typeText,
	"text/csv":                       typeText,
	typeMail:                         typeText,
	"application/json":               typeText,
	"application/x-ndjson":           typeText,
	"application/x-subrip":           typeText,
	"text/vtt":                       typeText,
	"application/geo+json":           typeText,
	"model/gltf+json":                typeText,
	"text/calendar":                  typeText,
	"text/vcard":                     typeText,
	"text/tab-separated-values":      typeText,
	"application/vnd.cyclonedx+json": typeText,
}

// KindOf returns the kind of a media type that Check gave.
func KindOf(mediaType string) (Kind, bool) {
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.MediaType == mediaType })
	if i < 0 {
		return Kind{}, false
	}
	return kinds[i], true
}

// Check returns the kind of a file by its first bytes, of which there are HeadSize or all, and
// the name under which it is shown. It refuses, with ATTACHMENT_REFUSED, an empty file, content
// of no kind, a name whose ending is of no kind, and content that its name denies; a picture
// whose name says another kind of picture gets the ending that is right.
func Check(name string, head []byte) (Kind, string, error) {
	if len(head) == 0 {
		return Kind{}, "", rules.Refuse(Refused, "The file is empty.",
			"Attach the file again, once it has its content.")
	}

	byContent, ok := kindOfContent(head)
	if !ok {
		return Kind{}, "", refuseKind()
	}

	clean := CleanName(name)
	ending := extension(clean)
	byName, named := kindOfExtension(ending)
	switch {
	case ending == "" && byContent.MediaType == typeText && looksLikeMail(head):
		byContent, _ = KindOf(typeMail)
		return byContent, withExtension(clean, byContent), nil
	case ending == "":
		return byContent, withExtension(clean, byContent), nil
	case !named:
		return Kind{}, "", refuseKind()
	case byContent.MediaType == typeText:
		return kindOfText(byName, clean, head)
	case byName.MediaType == byContent.MediaType:
		return byContent, clean, nil
	case isPicture(byName) && isPicture(byContent):
		return byContent, withExtension(strings.TrimSuffix(clean, ending), byContent), nil
	}

	return Kind{}, "", rules.Refuse(Refused,
		"The content of the file is another kind than its name says.",
		"Give the file the name that it had when it was made, and attach it again.")
}

// kindOfText is the kind of a text, which its name says.
func kindOfText(byName Kind, clean string, head []byte) (Kind, string, error) {
	switch byName.MediaType {
	case typeText, typeCSV:
		return byName, clean, nil
	case typeMail:
		if looksLikeMail(head) {
			return byName, clean, nil
		}
	}
	return Kind{}, "", refuseKind()
}

// looksLikeMail reports whether a text begins with the header of a mail.
func looksLikeMail(head []byte) bool {
	if end := bytes.LastIndexByte(head, '\n'); end >= 0 && !bytes.Contains(head, []byte("\n\n")) &&
		!bytes.Contains(head, []byte("\r\n\r\n")) {
		// The header is longer than what is looked at: its whole lines do.
		head = append(slices.Clone(head[:end+1]), '\n')
	}
	m, err := mail.ReadMessage(bytes.NewReader(head))
	if err != nil {
		return false
	}
	for _, name := range []string{"From", "Date", "Received", "Message-Id", "Return-Path"} {
		if m.Header.Get(name) != "" {
			return true
		}
	}
	return false
}

func kindOfContent(head []byte) (Kind, bool) {
	plain, _, _ := strings.Cut(mimetype.Detect(head).String(), ";")
	return KindOf(found[plain])
}

func kindOfExtension(ending string) (Kind, bool) {
	i := slices.IndexFunc(kinds, func(k Kind) bool { return slices.Contains(k.Extensions, ending) })
	if i < 0 {
		return Kind{}, false
	}
	return kinds[i], true
}

func isPicture(k Kind) bool { return strings.HasPrefix(k.MediaType, "image/") }

func refuseKind() error {
	return rules.Refuse(Refused, "Files of this kind are not taken.",
		"Attach a PNG, JPEG, WebP, HEIC, PDF, TXT, LOG, CSV, ZIP, MP4 or EML file.")
}

// TooLargeFile is the refusal of a file beyond MaxFile.
func TooLargeFile() error {
	return rules.Refuse(TooLarge,
		fmt.Sprintf("The file is larger than %d MiB.", MaxFile>>20),
		"Make it smaller, or share it another way and write where it is.")
}

// FullMessage is the refusal of a file too many, or too large, of one message.
func FullMessage() error {
	return rules.Refuse(TooLarge,
		fmt.Sprintf("A message takes %d files and %d MiB.", MaxMessageFiles, MaxMessage>>20),
		"Send the other files with another message.")
}

// FullGroup is the refusal of a file for which a ticket has no room any more.
func FullGroup() error {
	return rules.Refuse(TooLarge,
		fmt.Sprintf("All files together would be more than %d MiB.", MaxGroup>>20),
		"Share it another way and write where it is.")
}
