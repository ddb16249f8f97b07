package strictjson_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/ordering"
	"roomcover.dev/roomcover/rules/rulestest"
	"roomcover.dev/roomcover/strictjson"
)

type document struct {
	Name   string            `json:"name"`
	Count  int               `json:"count"`
	Big    int64             `json:"big"`
	On     bool              `json:"on"`
	Inner  *document         `json:"inner,omitempty"`
	List   []document        `json:"list"`
	Texts  map[string]string `json:"texts"`
	Hidden string            `json:"-"`
}

func codes(fields []rules.FieldError) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.Pointer + " " + f.Code
	}
	return out
}

func TestDecodeReadsWhatIsSound(t *testing.T) {
	var d document
	fields := strictjson.Decode([]byte(` {"name":"São \u00e9","count":-3,"big":9007199254740993,"on":true,
		"inner":{"name":"x"},"list":[{"count":1},{"count":2}],"texts":{"pt-BR":"olá"}} `), &d)
	require.Empty(t, fields)
	require.Equal(t, document{Name: "São é", Count: -3, Big: 9007199254740993, On: true, Inner: &document{Name: "x"},
		List: []document{{Count: 1}, {Count: 2}}, Texts: map[string]string{"pt-BR": "olá"}}, d)
}

func TestDecodeTellsEveryStructuralErrorAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want []string
	}{
		"empty":           {``, []string{" MALFORMED_JSON"}},
		"spaces":          {`  `, []string{" MALFORMED_JSON"}},
		"no object":       {`[]`, []string{" WRONG_TYPE"}},
		"null":            {`null`, []string{" WRONG_TYPE"}},
		"two values":      {`{} {}`, []string{" MALFORMED_JSON"}},
		"two with fields": {`{"inner":{"name":"a"}} {}`, []string{" MALFORMED_JSON"}},
		"trailing comma":  {`{"name":"a",}`, []string{" MALFORMED_JSON"}},
		"cut short":       {`{"list":[{"name":"a"`, []string{"/list/0 MALFORMED_JSON"}},
		"cut in a text":   {`{"name":"a`, []string{"/name MALFORMED_JSON"}},
		"no number":       {`{"count":01}`, []string{" MALFORMED_JSON"}},
		"comment":         {`{/* */}`, []string{" MALFORMED_JSON"}},
		"single quotes":   {`{'name':1}`, []string{" MALFORMED_JSON"}},
		"duplicate":       {`{"name":"a","name":"b"}`, []string{"/name DUPLICATE_KEY"}},
		"nul": {
			`{"name":"a\u0000b","texts":{"x":"\u0000"}}`,
			[]string{"/name CONTROL_CHARACTERS", "/texts/x CONTROL_CHARACTERS"},
		},
		"nul in a key": {
			`{"texts":{"a\u0000":"b"},"count":"x"}`, []string{"/texts CONTROL_CHARACTERS", "/count WRONG_TYPE"},
		},
		"duplicate escaped": {`{"name":"a","n\u0061me":"b"}`, []string{"/name DUPLICATE_KEY"}},
		"duplicate in map":  {`{"texts":{"en":"a","en":"b"}}`, []string{"/texts/en DUPLICATE_KEY"}},
		"unknown": {
			`{"nam":1,"Name":2,"Hidden":3,"-":4}`,
			[]string{"/nam UNKNOWN_FIELD", "/Name UNKNOWN_FIELD", "/Hidden UNKNOWN_FIELD", " UNKNOWN_FIELD"},
		},
		"a value as name": {`{"ana@acme.example":1}`, []string{" UNKNOWN_FIELD"}},
		"types": {`{"name":1,"count":"1","on":0,"list":{},"texts":[],"inner":"x"}`, []string{
			"/name WRONG_TYPE", "/count WRONG_TYPE", "/on WRONG_TYPE", "/list WRONG_TYPE", "/texts WRONG_TYPE",
			"/inner WRONG_TYPE",
		}},
		"nulls": {
			`{"name":null,"inner":null,"list":[null]}`,
			[]string{"/name WRONG_TYPE", "/inner WRONG_TYPE", "/list/0 WRONG_TYPE"},
		},
		"fractions": {`{"count":1.0,"big":1e2}`, []string{"/count WRONG_TYPE", "/big WRONG_TYPE"}},
		"huge": {
			`{"count":99999999999999999999,"big":-99999999999999999999}`,
			[]string{"/count OUT_OF_RANGE", "/big OUT_OF_RANGE"},
		},
		"bytes": {
			"{\"name\":\"a\xff\",\"count\":\"x\"}", []string{"/name INVALID_UTF8", "/count WRONG_TYPE"},
		},
		"bytes in a name": {"{\"na\xffme\":\"a\"}", []string{" INVALID_UTF8"}},
		"lone surrogate":  {`{"name":"\ud800"}`, []string{"/name INVALID_UTF8"}},
		"nested": {
			`{"inner":{"list":[{"x":1},{"count":true}]}}`,
			[]string{"/inner/list/0/x UNKNOWN_FIELD", "/inner/list/1/count WRONG_TYPE"},
		},
		"errors, then broken": {
			`{"x":1,"name":2,`, []string{"/x UNKNOWN_FIELD", "/name WRONG_TYPE", " MALFORMED_JSON"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var d document
			fields := strictjson.Decode([]byte(c.in), &d)
			if strings.HasSuffix(c.want[len(c.want)-1], "MALFORMED_JSON") {
				require.Equal(t, "MALFORMED_JSON", fields[len(fields)-1].Code)
				require.Len(t, fields, len(c.want))
				return
			}
			require.Equal(t, c.want, codes(fields))
			for _, f := range fields {
				require.NotEmpty(t, f.Message)
				require.NotEmpty(t, f.Remedy)
			}
		})
	}
}

func TestDecodeBoundsErrorsAndDepth(t *testing.T) {
	var d document
	require.Len(t, strictjson.Decode([]byte(`{"list":[`+strings.Repeat("1,", 5000)+`1]}`), &d), 201)
	require.NotEmpty(t, strictjson.Decode([]byte(`{"x":`+strings.Repeat("[", 1_000_000)), &d))
}

func TestDecodeRefusesTypesItDoesNotKnow(t *testing.T) {
	var v struct {
		F float64 `json:"f"`
	}
	require.Panics(t, func() { strictjson.Decode([]byte(`{"f":1}`), &v) })
}

func TestMergeLeavesOutWhatFollowsFromAnUnreadablePlace(t *testing.T) {
	field := func(pointer, code string) rules.FieldError { return rules.FieldError{Pointer: pointer, Code: code} }
	semantic := []rules.FieldError{
		field("/a", "REQUIRED"), field("/a/b", "REQUIRED"), field("/ab", "REQUIRED"), field("/c", "TOO_LONG"),
	}
	got := strictjson.Merge(
		[]rules.FieldError{field("/a", strictjson.WrongType), field("/c", strictjson.DuplicateKey)}, semantic,
	)
	require.Equal(t, []string{"/a WRONG_TYPE", "/c DUPLICATE_KEY", "/ab REQUIRED", "/c TOO_LONG"}, codes(got))
	require.Len(t, strictjson.Merge([]rules.FieldError{field("/z", strictjson.Malformed)}, semantic), 1)
	require.Len(t, strictjson.Merge([]rules.FieldError{field("", strictjson.WrongType)}, semantic), 1)
	require.Equal(t, semantic, strictjson.Merge(nil, semantic))
}

// What this package accepts, encoding/json accepts too, with the same result;
// and an order form survives the way there and back.
// What is sent to be expensive costs little, and is told with bounded errors.
func TestLargeDocumentsAreDecodedWithinBounds(t *testing.T) {
	const size = 8 << 20
	for name, text := range map[string]string{
		"unknown fields": `{` + strings.Repeat(`"a":1,`, size/6) + `"b":1}`,
		"wrong elements": `{"list":[` + strings.Repeat(`1,`, size/2) + `1]}`,
		"empty elements": `{"list":[` + strings.Repeat(`{},`, size/3) + `{}]}`,
		"deep":           strings.Repeat(`{"inner":`, 9_000) + `1` + strings.Repeat(`}`, 9_000),
		"cut":            `{"list":[` + strings.Repeat(`1,`, size/2),
		"one text":       `{"name":"` + strings.Repeat(`a`, size) + `"`,
	} {
		t.Run(name, func(t *testing.T) {
			rulestest.WithinMemory(t, len(text), func() {
				var d document
				fields := strictjson.Decode([]byte(text), &d)
				require.NotEmpty(t, fields)
				require.LessOrEqual(t, len(fields), rules.MaxFieldErrors+1)
			})
		})
	}
}

func TestAByteOrderMarkIsPassedOverAndUTF16IsNamed(t *testing.T) {
	var d document
	require.Empty(t, strictjson.Decode([]byte("\ufeff{\"name\":\"x\"}"), &d))
	require.Equal(t, "x", d.Name)

	fields := strictjson.Decode([]byte("\xff\xfe{\x00}\x00"), &d)
	require.Equal(t, []string{" MALFORMED_JSON"}, codes(fields))
	require.Contains(t, fields[0].Message, "UTF-16")
}

// That a text breaks is told, however much else is wrong with it.
func TestABreakIsToldBesideManyErrors(t *testing.T) {
	var d document
	fields := strictjson.Decode([]byte(`{`+strings.Repeat(`"x":1,`, 500)), &d)
	require.Len(t, fields, rules.MaxFieldErrors+1)
	require.Equal(t, strictjson.Malformed, fields[0].Code)
	require.Equal(t, rules.MoreErrors, fields[rules.MaxFieldErrors].Code)
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"po_number":"PO-1","lines":[{"sku":"A","quantity":1}],"end_customer":{"address":{"city":"x"}}}`))
	f.Add([]byte("{\"po_number\":\"\xff\"}"))
	f.Add([]byte(`{"lines":[{},{}],"lines":0}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var form, other ordering.OrderForm
		var fields []rules.FieldError
		rulestest.WithinMemory(t, len(data), func() { fields = strictjson.Decode(data, &form) })
		if len(fields) > rules.MaxFieldErrors+1 {
			t.Fatalf("%d errors", len(fields))
		}
		if len(fields) > 0 {
			return
		}
		if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), &other); err != nil {
			t.Fatalf("accepted what encoding/json refuses: %v", err)
		}
		if len(form.Lines) == 0 {
			form.Lines, other.Lines = nil, nil
		}
		if !reflect.DeepEqual(form, other) {
			t.Fatalf("%+v\n%+v", form, other)
		}
	})
}
