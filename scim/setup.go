package scim

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"strings"
)

// What the service can do, as directories ask for it. "{base}" stands for its address.
//
//go:embed setup.json
var setUpText string

// setUp answers what the service can do; an empty id is the whole list.
func (r *request) setUp(kind, id string) answer {
	if r.method != http.MethodGet {
		return notAllowed()
	}
	base, err := json.Marshal(r.base)
	if err != nil {
		return r.answerError(err)
	}
	said := strings.ReplaceAll(setUpText, "{base}", strings.Trim(string(base), `"`))
	var all map[string]any
	if err := json.Unmarshal([]byte(said), &all); err != nil {
		return r.answerError(err)
	}

	known := all[kind]
	list, isList := known.([]any)
	switch {
	case !isList && id == "":
		return answer{status: http.StatusOK, body: known, outcome: "SETUP_READ"}
	case isList && id == "":
		return answer{
			status:  http.StatusOK,
			body:    listOf(list, len(list), 1),
			outcome: "SETUP_READ",
		}
	}
	for _, one := range list {
		parts, _ := one.(map[string]any)
		if strings.EqualFold(text(parts["id"]), id) {
			return answer{status: http.StatusOK, body: one, outcome: "SETUP_READ"}
		}
	}
	return refuse(http.StatusNotFound, "", "NOT_FOUND", "There is nothing under this id.")
}
