package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// walker is somebody who goes a walk of the reference with its samples. A door before the house
// puts what the reader has in the place of the examples' ids, as they would in the text.
type walker struct {
	house  *house
	walk   []string          // operations, in the order of the page
	token  map[string]client // of another role, by operation; "" for all others
	stands map[string]string // other examples, and what the walker has
	before map[string]func() // what others do between the steps, by operation
	ids    map[string]string // the last id that was read, by its prefix
	ran    []string          // operations with the status of the answer
}

var exampleID = regexp.MustCompile(`\b([a-z]{3})_01kb[a-z]+\b`)

// mine puts what the walker has into a text.
func (w *walker) mine(text string) string {
	for example, real := range w.stands {
		text = strings.ReplaceAll(text, example, real)
	}
	return exampleID.ReplaceAllStringFunc(text, func(id string) string {
		if real, ok := w.ids[id[:3]]; ok {
			return real
		}
		return id
	})
}

// learn keeps the id of what was answered, or of the first of a list.
func (w *walker) learn(body []byte) {
	var a struct {
		ID    string
		Items []struct{ ID string }
	}
	_ = json.Unmarshal(body, &a)
	if len(a.Items) > 0 {
		a.ID = a.Items[0].ID
	}
	if len(a.ID) > 3 {
		w.ids[a.ID[:3]] = a.ID
	}
}

// ServeHTTP takes the request of the next sample to the house.
func (w *walker) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	if len(w.ran) == len(w.walk) {
		http.Error(out, "the walk is over", http.StatusGone)
		return
	}

	operation := w.walk[len(w.ran)]
	if happens := w.before[operation]; happens != nil {
		happens()
	}

	body, err := io.ReadAll(r.Body)
	require.NoError(w.house.t, err)
	asked, err := http.NewRequestWithContext(r.Context(), r.Method,
		w.house.URL+w.mine(r.URL.RequestURI()), strings.NewReader(w.mine(string(body))))
	require.NoError(w.house.t, err)
	asked.Header = r.Header
	if other, ok := w.token[operation]; ok {
		asked.Header.Set("Authorization", "Bearer "+other.token)
	}

	res, err := http.DefaultClient.Do(asked)
	require.NoError(w.house.t, err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	require.NoError(w.house.t, err)

	w.learn(answer)
	w.ran = append(w.ran, fmt.Sprintf("%s %d", operation, res.StatusCode))
	if res.StatusCode >= 300 {
		w.house.t.Logf("%s: %s", operation, answer)
	}
	out.WriteHeader(res.StatusCode)
	_, _ = out.Write(answer)
}

// walkers are one of each role in a house, by the section of the page that they follow.
func (h *house) walkers(t *testing.T) map[string]*walker {
	seller := &walker{token: map[string]client{"": h.Seller}, ids: map[string]string{}}
	first := ""
	seller.before = map[string]func(){
		"amend-order": func() {
			first = seller.ids["ord"]
			seller.ids["ord"] = h.inReview("PO-2026-0018").ID
		},
		"cancel-order": func() {
			h.fulfil(first)
			seller.ids["ord"] = first
		},
	}

	order := h.Fulfilled(t, h.Reseller,
		storetest.FormFor("PO-BETA", "Beta Ltda", "bia@beta.example"))
	customer := &walker{
		token:  map[string]client{"": h.customer(*order.AccountID, rules.CustomerAdmin)},
		ids:    map[string]string{"acc": *order.AccountID},
		stands: map[string]string{"SN-EXAMPLE": "2147-LZ 0ABC"},
	}
	customer.before = map[string]func(){
		"request-rma": func() { h.Calendar.Set(h.Calendar.Now().Add(48 * time.Hour)) },
	}

	covered, unit := h.SpareFor(t, "Gama Ltda", "gil@gama.example", "SN-GAMA")
	operator := &walker{
		token: map[string]client{
			"":                  h.Lead,
			"act-on-spare-unit": h.client(account.OperatorOrgID, rules.OperatorCSM),
		},
		ids: map[string]string{
			"acc": covered.Account,
			"sit": covered.Site.ID,
			"spu": unit.ID,
			"rma": h.Requested(t, covered).ID,
		},
	}
	review := func(po, company string) string {
		ref := h.Seller.accepted(storetest.FormFor(po, company, "dan@gmail.com"))
		require.Equal(t, "NEEDS_REVIEW", ref.State)
		return ref.ID
	}
	operator.before = map[string]func(){
		"act-on-rma.tell": func() {
			_, err := h.AllocateRMA(storetest.Operator(), operator.ids["rma"], "")
			require.NoError(t, err)
			_, err = h.ShipRMA(storetest.Operator(), operator.ids["rma"],
				replacement.RMAShipment{Serial: "NEW-GAMA"})
			require.NoError(t, err)
		},
		"list-tasks":   func() { review("PO-3001", "Delta Ltda") },
		"decide-order": func() { operator.ids["ord"] = review("PO-3002", "Omega Ltda") },
	}

	return map[string]*walker{
		"first-order":       seller,
		"first-replacement": customer,
		"first-shift":       operator,
	}
}

// walkOf lists the operations that a section of the page leads through.
func walkOf(t *testing.T, page, section string) []string {
	_, text, found := strings.Cut(page, `<section id="`+section+`"`)
	require.True(t, found, section)
	text, _, _ = strings.Cut(text, "</section>")
	var walk []string
	for _, link := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(text, -1) {
		walk = append(walk, link[1])
	}
	require.Greater(t, len(walk), 5, section)
	return walk
}

// runners make one program of samples in each language, which runs them in their order: at
// the address and with the token of each walk.
var runners = map[string]func(t *testing.T, dir string, walks []sampledWalk) *exec.Cmd{
	"curl": func(t *testing.T, dir string, walks []sampledWalk) *exec.Cmd {
		var script strings.Builder
		script.WriteString("curl() { command curl -sS \"$@\"; echo; }\n" +
			"command -v uuidgen >/dev/null || uuidgen() { cat /proc/sys/kernel/random/uuid; }\n")
		for _, w := range walks {
			fmt.Fprintf(&script, "export ROOMCOVER_URL=%s ROOMCOVER_TOKEN=%s\n", w.url, w.token)
			script.WriteString(strings.Join(w.samples, "\n") + "\n")
		}
		write(t, dir, "samples.sh", script.String())
		return exec.CommandContext(t.Context(), "bash", "-e", "samples.sh")
	},

	"Go": func(t *testing.T, dir string, walks []sampledWalk) *exec.Cmd {
		main := "package main\n\nimport \"os\"\n\nfunc main() {\n"
		files := []string{"run", "main.go"}
		for _, w := range walks {
			main += fmt.Sprintf("os.Setenv(\"ROOMCOVER_URL\", %q)\n", w.url)
			main += fmt.Sprintf("os.Setenv(\"ROOMCOVER_TOKEN\", %q)\n", w.token)
			for _, source := range w.samples {
				name := fmt.Sprintf("sample%d", len(files))
				files = append(files, name+".go")
				main += name + "()\n"
				write(t, dir, name+".go",
					strings.Replace(source, "func main() {", "func "+name+"() {", 1))
			}
		}
		write(t, dir, "main.go", main+"}\n")
		return exec.CommandContext(t.Context(), "go", files...)
	},

	"Python": func(t *testing.T, dir string, walks []sampledWalk) *exec.Cmd {
		main := "import os\n"
		for _, w := range walks {
			main += fmt.Sprintf("os.environ[\"ROOMCOVER_URL\"] = %q\n", w.url)
			main += fmt.Sprintf("os.environ[\"ROOMCOVER_TOKEN\"] = %q\n", w.token)
			for i, source := range w.samples {
				name := fmt.Sprintf("%s-%d.py", w.section, i)
				write(t, dir, name, source)
				main += fmt.Sprintf("exec(compile(open(%q).read(), %q, \"exec\"), {})\n", name, name)
			}
		}
		write(t, dir, "main.py", main)
		return exec.CommandContext(t.Context(), "python3", "main.py")
	},
}

// sampledWalk is a walk with its samples in one language, and where they are run.
type sampledWalk struct {
	section, url, token string
	samples             []string
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
}

// Strangers go the walks of the page, a seller's, a customer's and an operator's: the samples of
// its operations run in their order, as they are, in every language.
func TestSamplesRun(t *testing.T) {
	described := map[string]describedOperation{}
	for _, item := range served(t).Paths {
		for _, op := range item {
			described[op.OperationID] = op
			if len(op.Samples) > 3 { // another use, which its labels name
				_, use, _ := strings.Cut(op.Samples[3].Label, ": ")
				other := op
				other.Samples = op.Samples[3:]
				described[op.OperationID+"."+use] = other
			}
		}
	}
	page := string(client{house: sqlite(t)}.get("/v1/docs").Body)
	csv, err := os.ReadFile("examples/import-orders.request.csv")
	require.NoError(t, err)

	for n, language := range []string{"curl", "Go", "Python"} {
		t.Run(language, func(t *testing.T) {
			h := sqlite(t)
			walkers := h.walkers(t)
			var walks []sampledWalk
			for _, section := range []string{"first-order", "first-replacement", "first-shift"} {
				w := walkers[section]
				w.house = h
				w.walk = walkOf(t, page, section)
				door := httptest.NewServer(w)
				t.Cleanup(door.Close)

				run := sampledWalk{section: section, url: door.URL, token: w.token[""].token}
				for _, operation := range w.walk {
					require.Contains(t, described, operation, section)
					run.samples = append(run.samples, described[operation].Samples[n].Source)
				}
				walks = append(walks, run)
			}

			dir := t.TempDir()
			write(t, dir, "orders.csv", string(csv))
			program := runners[language](t, dir, walks)
			if _, err := exec.LookPath(program.Args[0]); err != nil {
				missing(t, "no "+program.Args[0]+" on this machine")
			}

			var said bytes.Buffer
			program.Dir, program.Stdout, program.Stderr = dir, &said, &said
			err := program.Run()
			for section, w := range walkers {
				require.Len(t, w.ran, len(w.walk), "%s: %v\n%s", section, w.ran, said.String())
				for _, answered := range w.ran {
					require.Regexp(t, ` 20[0-2]$`, answered, section)
				}
			}
			require.NoError(t, err, said.String())
		})
	}
}
