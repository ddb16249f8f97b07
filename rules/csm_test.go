package rules

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestR35e_FormOfAManager(t *testing.T) {
	good := CSMForm{
		Name:  " Clara Reis ",
		Email: " Clara.Reis@Operator.Example ",
		Phone: " +55 (11) 4000-1234 ",
	}.Normalise()
	require.Equal(t, CSMForm{"Clara Reis", "clara.reis@operator.example", "+55 (11) 4000-1234"}, good)
	require.NoError(t, good.Validate())
	for name, c := range map[string]struct {
		change func(*CSMForm)
		want   string
	}{
		"no name":           {func(f *CSMForm) { f.Name = "" }, "/name REQUIRED"},
		"long name":         {func(f *CSMForm) { f.Name = strings.Repeat("x", MaxContactName+1) }, "/name TOO_LONG"},
		"name of two lines": {func(f *CSMForm) { f.Name = "Clara\nReis" }, "/name CONTROL_CHARACTERS"},
		"no address":        {func(f *CSMForm) { f.Email = "" }, "/email REQUIRED"},
		"no mailbox":        {func(f *CSMForm) { f.Email = "clara" }, "/email INVALID_EMAIL"},
		"no phone is fine":  {func(f *CSMForm) { f.Phone = "" }, ""},
		"words":             {func(f *CSMForm) { f.Phone = "ask at the desk" }, "/phone INVALID_PHONE"},
		"plus inside":       {func(f *CSMForm) { f.Phone = "55+114000" }, "/phone INVALID_PHONE"},
		"four digits":       {func(f *CSMForm) { f.Phone = "+5511" }, "/phone INVALID_PHONE"},
		"five digits":       {func(f *CSMForm) { f.Phone = "+5511-4" }, ""},
		"long phone":        {func(f *CSMForm) { f.Phone = strings.Repeat("1", 41) }, "/phone TOO_LONG"},
	} {
		f := good
		c.change(&f)
		err := f.Validate()
		if c.want == "" {
			require.NoError(t, err, name)
			continue
		}
		var e *Error
		require.True(t, errors.As(err, &e), name)
		require.Len(t, e.Fields, 1, name)
		require.Equal(t, c.want, e.Fields[0].Pointer+" "+e.Fields[0].Code, name)
	}
}
