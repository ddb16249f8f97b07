package api

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/db"
)

// UnchangedHeader is set in the answer to a command that has changed nothing, since what it
// asks for was so already.
const UnchangedHeader = "Roomcover-Unchanged"

// sayUnchanged marks the answer to a command that was carried out without any change: nothing
// was written to the audit, and no workflow was told.
func sayUnchanged(ctx huma.Context, _ string, body any) (any, error) {
	asks := ctx.Method() == http.MethodGet || ctx.Query("dry_run") == "true" ||
		strings.HasSuffix(string(routeOf(ctx).Scope), ":read")
	if asks || ctx.Status() >= 300 {
		return body, nil
	}

	scope, err := db.ScopeFrom(ctx.Context())
	if err == nil && scope.Changed != nil && !scope.Changed.Load() {
		ctx.SetHeader(UnchangedHeader, "true")
	}
	return body, nil
}
