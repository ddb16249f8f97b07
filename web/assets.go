package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed static
var static embed.FS

//go:embed templates
var templates embed.FS

// Parts adds to a template the parts of pages, and the functions that they call.
func Parts(t *template.Template) (*template.Template, error) {
	t = t.Funcs(template.FuncMap{"icon": Icon, "asset": Asset})
	return t.ParseFS(templates, "templates/*.html")
}

// AssetPath is where the shared files are served.
const AssetPath = "/assets/"

// The media types that a machine without a list of its own does not know.
var mediaTypes = map[string]string{
	".woff2": "font/woff2",
	".js":    "text/javascript; charset=utf-8",
	".css":   "text/css; charset=utf-8",
	".svg":   "image/svg+xml",
}

var assetVersions = readVersions()

func readVersions() map[string]string {
	files, err := static.ReadDir("static")
	if err != nil {
		panic("web: " + err.Error())
	}

	versions := map[string]string{}
	for _, file := range files {
		content, err := static.ReadFile("static/" + file.Name())
		if err != nil {
			panic("web: " + err.Error())
		}
		sum := sha256.Sum256(content)
		versions[file.Name()] = hex.EncodeToString(sum[:6])
	}
	return versions
}

// Asset returns the address of a shared file, which changes with its content. A name that is
// none stops the program when a page with it is first made, in a test.
func Asset(name string) string {
	version, ok := assetVersions[name]
	if !ok {
		panic("web: there is no file static/" + name)
	}
	return AssetPath + name + "?v=" + version
}

// ServeAsset serves a shared file; ok is false where there is none of this name. One whose
// address carries a version never changes its content.
func ServeAsset(w http.ResponseWriter, r *http.Request, name string, secure bool) (ok bool) {
	name = strings.TrimPrefix(path.Clean("/"+name), "/")
	content, err := static.ReadFile("static/" + name)
	if err != nil {
		return false
	}

	h := w.Header()
	Headers(h, secure, OwnScripts)
	h.Del("Vary")
	kind := mediaTypes[path.Ext(name)]
	if kind == "" {
		kind = mime.TypeByExtension(path.Ext(name))
	}
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "public, max-age=300")
	if r.URL.Query().Has("v") || path.Ext(name) == ".woff2" {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}

	_, _ = w.Write(content)
	return true
}

// Assets serves the shared files under AssetPath.
func Assets(secure bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !ServeAsset(w, r, strings.TrimPrefix(r.URL.Path, AssetPath), secure) {
			http.NotFound(w, r)
		}
	})
}

// Icon is one of the sprite's icons. It always stands beside a word.
func Icon(name string) template.HTML {
	return template.HTML(`<svg class="icon" aria-hidden="true"><use href="` +
		template.HTMLEscapeString(Asset("icons.svg")+"#"+name) + `"></use></svg>`)
}
