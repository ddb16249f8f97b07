package deploy_test

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/config"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
)

func operationsGuide(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(root + "docs/operations.md")
	require.NoError(t, err)
	return string(text)
}

// rows are the lines of the environment table: variable, default, meaning.
var rows = regexp.MustCompile("(?m)^\\| `(ROOMCOVER_[A-Z_]+)` \\| (.*?) \\| (.+) \\|$")

func TestOperationsListEverySettingWithItsDefault(t *testing.T) {
	documented := map[string]string{}
	for _, row := range rows.FindAllStringSubmatch(operationsGuide(t), -1) {
		require.NotContains(t, documented, row[1], "twice")
		documented[row[1]] = row[2]
	}
	for name, value := range defaults(reflect.TypeOf(config.Config{})) {
		got, ok := documented[name]
		require.True(t, ok, "%s is not documented", name)
		switch {
		case got == "required" || got == "none" || got == "false":
			require.Empty(t, value, name)
		default:
			require.Equal(t, "`"+value+"`", got, name)
		}
		delete(documented, name)
	}
	require.Empty(t, documented, "documented, but nobody reads them")
}

func TestOperationsMarkAsRequiredWhatIs(t *testing.T) {
	_, err := config.ReadFrom(map[string]string{})
	require.Error(t, err)
	for _, row := range rows.FindAllStringSubmatch(operationsGuide(t), -1) {
		require.Equal(t, strings.Contains(err.Error(), row[1]), row[2] == "required", row[1])
	}
}

func defaults(t reflect.Type) map[string]string {
	out := map[string]string{}
	for i := range t.NumField() {
		f := t.Field(i)
		if name := f.Tag.Get("env"); name != "" {
			out[name] = f.Tag.Get("envDefault")
		} else if f.Type.Kind() == reflect.Struct {
			for k, v := range defaults(f.Type) {
				out[k] = v
			}
		}
	}
	return out
}

func TestOperationsExplainEveryTaskAndItsActions(t *testing.T) {
	text := operationsGuide(t)
	for _, kind := range []db.TaskKind{
		db.TaskReviewOrder, db.TaskMailUndeliverable, db.TaskMailUnknown, db.TaskInvitationUnclaimed,
		db.TaskInvitationRequested, db.TaskProcessStuck, db.TaskOutboxStuck, db.TaskSweepLate, db.TaskSerialClaimed,
		db.TaskSweepFailed,
		db.TaskBreakGlass,
		db.TaskDecideContact, db.TaskShipmentContradicted, db.TaskCalendarNoHolidays, db.TaskCalendarNoWorkingTime,
	} {
		row := regexp.MustCompile("(?m)^\\| `" + string(kind) + "` \\|.*$").FindString(text)
		require.NotEmpty(t, row, kind)
		for _, action := range operations.ActionsOf(kind) {
			require.Contains(t, row, "`"+action+"`", kind)
		}
	}
}
