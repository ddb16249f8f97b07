package orderfile_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/orderfile"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/ordering"
	"roomcover.dev/roomcover/rules/rulestest"
	"roomcover.dev/roomcover/strictjson"
)

var today = civil.Date{Year: 2026, Month: 11, Day: 23}

func skus() catalogue.Catalogue { return catalogue.NewCatalogue(catalogue.DefaultCatalogue()) }

func all(t *testing.T, r io.Reader, format string) []orderfile.Row {
	t.Helper()
	var rows []orderfile.Row
	for row, err := range orderfile.Read(r, format) {
		require.NoError(t, err)
		rows = append(rows, row)
	}
	return rows
}

func failure(t *testing.T, in, format string) *rules.Error {
	t.Helper()
	_, err := orderfile.Check(strings.NewReader(in), format)
	var refusal *rules.Error
	require.ErrorAs(t, err, &refusal)
	return refusal
}

func codes(fields []rules.FieldError) []string {
	out := []string{}
	for _, f := range fields {
		out = append(out, f.Pointer+" "+f.Code)
	}
	return out
}

func form(po string) ordering.OrderForm {
	a := rules.Address{Street: "Rua A, 1", City: "São Paulo", Region: "SP", PostalCode: "01310-100", Country: "BR"}
	return ordering.OrderForm{
		PONumber:    po,
		PurchasedOn: "2026-11-20",
		Lines:       []ordering.OrderLine{{SKU: "SELECT-1Y", Quantity: 2}},
		EndCustomer: rules.Party{Company: "Acme", ContactName: "Ana", Email: "ana@acme.example", Address: a},
		Reseller:    rules.OrgParty{Company: "R", Email: "r@r.example", Address: a},
		Distributor: rules.OrgParty{Company: "D", Email: "d@d.example", Address: a},
	}
}

// record is a CSV row in the order of Columns.
func record(separator string, f ordering.OrderForm, line int) string {
	q := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
	cells := []string{
		f.PONumber, f.PurchasedOn, f.Lines[line].SKU, fmt.Sprint(f.Lines[line].Quantity), f.EndCustomer.Company,
		f.EndCustomer.ContactName, f.EndCustomer.Email,
	}
	addr := func(a rules.Address) { cells = append(cells, a.Street, a.City, a.Region, a.PostalCode, a.Country) }
	addr(f.EndCustomer.Address)
	cells = append(cells, f.Reseller.Company, f.Reseller.Email)
	addr(f.Reseller.Address)
	cells = append(cells, f.Distributor.Company, f.Distributor.Email)
	addr(f.Distributor.Address)
	cells = append(cells, f.Lines[line].Renews)
	for i := range cells {
		cells[i] = q(cells[i])
	}
	return strings.Join(cells, separator) + "\r\n"
}

func header(separator string) string { return strings.Join(orderfile.Columns(), separator) + "\r\n" }

func TestCSVAndJSONReadTheSameOrders(t *testing.T) {
	want := []ordering.OrderForm{form("A"), form("B")}
	want[1].EndCustomer.Company = `Quoted "and" divided; here, and there`
	want[1].Lines = append(want[1].Lines, ordering.OrderLine{SKU: "SELECT-3Y", Quantity: 7, Renews: "con_1"})
	array, err := json.Marshal(want)
	require.NoError(t, err)
	first, _ := json.Marshal(want[0])
	second, _ := json.MarshalIndent(want[1], "", " ")
	files := map[string][]byte{
		"array":  array,
		"lines":  append(append(first, '\n'), second...),
		"spaced": []byte(" \n" + string(array) + "\n"),
	}
	for name, content := range files {
		t.Run(name, func(t *testing.T) {
			rows := all(t, bytes.NewReader(content), orderfile.JSON)
			require.Equal(t, []orderfile.Row{{No: 1, Form: want[0]}, {No: 2, Form: want[1]}}, rows)
		})
	}
	for _, separator := range []string{",", ";", "\t"} {
		for _, mark := range []string{"", "\ufeff"} {
			t.Run("csv "+separator+mark, func(t *testing.T) {
				content := mark + header(separator) + record(separator, want[0], 0) + "\r\n" +
					record(separator, want[1], 0) + record(separator, want[1], 1)
				rows := all(t, iotest.OneByteReader(strings.NewReader(content)), orderfile.CSV)
				require.Equal(t, []orderfile.Row{{No: 2, Form: want[0]}, {No: 4, Form: want[1]}}, rows)
				require.Empty(t, rows[1].Validate(skus(), today))
			})
		}
	}
}

func TestCSVLaterRowsNeedOnlyTheirLine(t *testing.T) {
	more := "X,,SELECT-3Y,4" + strings.Repeat(",", len(orderfile.Columns())-4) + "\n"
	rows := all(t, strings.NewReader(header(",")+record(",", form("X"), 0)+more), orderfile.CSV)
	require.Len(t, rows, 1)
	require.Equal(t, []ordering.OrderLine{{SKU: "SELECT-1Y", Quantity: 2}, {SKU: "SELECT-3Y", Quantity: 4}},
		rows[0].Form.Lines)
	require.Empty(t, rows[0].Validate(skus(), today))
}

func TestCSVTellsEveryErrorOfARow(t *testing.T) {
	bad := form("X")
	bad.EndCustomer.Email, bad.Lines[0].SKU = "nobody", "NONE"
	other := form("X")
	other.Reseller.Company = "Another"
	text := header(",") + strings.Replace(record(",", bad, 0), `"2"`, `"two"`, 1) +
		strings.Replace(record(",", other, 0), `"2"`, `""`, 1) + "X,2026-11-20\n"
	rows := all(t, strings.NewReader(text), orderfile.CSV)
	require.Len(t, rows, 1)
	require.Equal(t, []string{
		"/lines/0/quantity WRONG_TYPE", "/lines/1/quantity REQUIRED", "/end_customer/email ROWS_DIFFER",
		"/reseller/company ROWS_DIFFER", "/lines/2 WRONG_COLUMNS", "/lines/0/sku UNKNOWN_SKU",
	}, codes(rows[0].Validate(skus(), today)))
}

func TestCSVHeaderErrorsAreToldAtOnceWithoutTheirText(t *testing.T) {
	in := strings.Replace(header(","), "reseller_company,reseller_email", "secret@acme.example,po_number", 1)
	refusal := failure(t, in+record(",", form("A"), 0), orderfile.CSV)
	require.Equal(t, orderfile.Unreadable, refusal.Code)
	require.Equal(t, []string{
		"/header/12 UNKNOWN_COLUMN", "/header/13 DUPLICATE_COLUMN", "/header/reseller_company MISSING_COLUMN",
		"/header/reseller_email MISSING_COLUMN",
	}, codes(refusal.Fields))
	require.NotContains(t, fmt.Sprintf("%+v", refusal), "secret")
	short := strings.NewReplacer("end_customer_region,", "", "reseller_postal_code,", "").Replace(header(","))
	require.Equal(t, orderfile.Empty, failure(t, short, orderfile.CSV).Code, "region and postal code may be left out")
}

func TestFilesThatCannotBeReadAsAWhole(t *testing.T) {
	order, _ := json.Marshal(form("A"))
	for _, c := range []struct{ name, format, in, code string }{
		{"empty csv", orderfile.CSV, "", orderfile.Empty},
		{"header only", orderfile.CSV, header(","), orderfile.Empty},
		{"open quote", orderfile.CSV, header(",") + `"A`, orderfile.Unreadable},
		{"bare quote", orderfile.CSV, header(",") + `A"b,` + "\n", orderfile.Unreadable},
		{"binary", orderfile.CSV, "PK\x03\x04\x00\x00", orderfile.Unreadable},
		{"empty json", orderfile.JSON, "  ", orderfile.Empty},
		{"empty array", orderfile.JSON, "[]", orderfile.Empty},
		{"cut array", orderfile.JSON, "[" + string(order), orderfile.Unreadable},
		{"cut bracket", orderfile.JSON, "[", orderfile.Unreadable},
		{"cut order", orderfile.JSON, string(order[:40]), orderfile.Unreadable},
		{"after the array", orderfile.JSON, "[" + string(order) + "] x", orderfile.Unreadable},
		{"no comma", orderfile.JSON, "[" + string(order) + string(order) + "]", orderfile.Unreadable},
		{"html", orderfile.JSON, "<html>", orderfile.Unreadable},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.code, failure(t, c.in, c.format).Code) })
	}
}

func TestJSONRowsAreDecodedStrictly(t *testing.T) {
	rows := all(t, strings.NewReader(`[1,{"po_number":"A","po_number":"B","x":1},{"lines":[{"quantity":"2"}]}]`),
		orderfile.JSON)
	require.Equal(t, []string{" WRONG_TYPE"}, codes(rows[0].Validate(skus(), today)))
	require.Equal(t, []string{"/po_number DUPLICATE_KEY", "/x UNKNOWN_FIELD"}, codes(rows[1].Err))
	require.Equal(t, []string{"/lines/0/quantity WRONG_TYPE"}, codes(rows[2].Err))
	require.Contains(t, codes(rows[2].Validate(skus(), today)), "/po_number REQUIRED")
	large := `{"po_number":"` + strings.Repeat("x", 1<<20) + `"}`
	rows = all(t, strings.NewReader(large), orderfile.JSON)
	require.Equal(t, []string{" ORDER_TOO_LARGE"}, codes(rows[0].Err))
}

func TestRepeatedNumberIsMarked(t *testing.T) {
	text := header(",") + record(",", form("A"), 0) + record(",", form("B"), 0) + record(",", form("A"), 0)
	rows := all(t, strings.NewReader(text), orderfile.CSV)
	require.Len(t, rows, 3)
	require.Empty(t, rows[1].Err)
	require.Equal(t, []string{"/po_number DUPLICATE"}, codes(rows[2].Err))
}

func TestTooManyOrdersAndLines(t *testing.T) {
	var b strings.Builder
	for i := range orderfile.MaxOrders + 1 {
		fmt.Fprintf(&b, "{\"po_number\":\"%d\"}\n", i)
	}
	require.Equal(t, orderfile.TooManyOrders, failure(t, b.String(), orderfile.JSON).Code)
	n, err := orderfile.Check(strings.NewReader(b.String()[:strings.LastIndex(b.String(), "{")]), orderfile.JSON)
	require.NoError(t, err)
	require.Equal(t, orderfile.MaxOrders, n)
	lines := header(",") + strings.Repeat(record(",", form("A"), 0), 5000)
	rows := all(t, strings.NewReader(lines), orderfile.CSV)
	require.Len(t, rows[0].Form.Lines, ordering.MaxLines+1)
	require.Equal(t, []string{"/lines TOO_MANY_LINES"}, codes(rows[0].Validate(skus(), today)))
}

func TestReaderErrorsComeThroughAndReadingMayStop(t *testing.T) {
	fault := errors.New("the disk is gone")
	for _, format := range []string{orderfile.CSV, orderfile.JSON} {
		_, err := orderfile.Check(iotest.ErrReader(fault), format)
		require.ErrorIs(t, err, fault)
	}
	order, _ := json.Marshal(form("A"))
	for range orderfile.Read(strings.NewReader(string(order)+string(order)), orderfile.JSON) {
		break
	}
	for range orderfile.Read(strings.NewReader(header(",")+record(",", form("A"), 0)+record(",", form("B"), 0)+
		record(",", form("C"), 0)), orderfile.CSV) {
		break
	}
}

func TestExamplesReadAsTheySay(t *testing.T) {
	for name, want := range map[string]struct{ good, bad int }{
		"orders.csv": {3, 0}, "orders.json": {3, 0}, "orders-with-errors.csv": {1, 4},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := os.Open("../examples/" + name)
			require.NoError(t, err)
			defer f.Close()
			good, bad := 0, 0
			for _, row := range all(t, f, name[strings.LastIndex(name, ".")+1:]) {
				if len(row.Validate(skus(), today)) == 0 {
					good++
				} else {
					bad++
				}
			}
			require.Equal(t, want.good, good)
			require.Equal(t, want.bad, bad)
		})
	}
	content, err := os.ReadFile("../examples/order.json")
	require.NoError(t, err)
	var order ordering.OrderForm
	require.Empty(t, strictjson.Decode(content, &order))
	require.NoError(t, order.Validate(skus(), today))
	require.Empty(t, order.Warnings())
}

// Nothing in a file makes the reader panic, and whatever it accepts is an order
// with lines that stay inside the bounds.
func FuzzRead(f *testing.F) {
	f.Add([]byte(header(",")+record(",", form("A"), 0)), true)
	f.Add([]byte(`[{"po_number":"A","lines":[]}]`), false)
	f.Fuzz(func(t *testing.T, data []byte, csv bool) {
		format := orderfile.JSON
		if csv {
			format = orderfile.CSV
		}
		rulestest.WithinMemory(t, len(data), func() {
			last := 0
			for row, err := range orderfile.Read(bytes.NewReader(data), format) {
				if err != nil {
					return
				}
				if row.No <= last || len(row.Form.Lines) > ordering.MaxLines+1 && csv {
					t.Fatalf("row %d after %d, %d lines", row.No, last, len(row.Form.Lines))
				}
				last = row.No
				row.Validate(skus(), today)
			}
		})
	})
}

// A file is a door like the API: a name in it is a name.
func TestS64_NamesInAFileAreNotMessages(t *testing.T) {
	bad := form("PO http://x.example/pay")
	bad.EndCustomer.ContactName = "Ana www.x.example"
	bad.EndCustomer.Company = "Pay at https://x.example"
	bad.Reseller.Company = "someone@x.example"
	bad.Distributor.Company = "Amazon.com, Inc."
	array, err := json.Marshal([]ordering.OrderForm{bad})
	require.NoError(t, err)
	for format, content := range map[string]string{
		orderfile.CSV:  header(",") + record(",", bad, 0),
		orderfile.JSON: string(array),
	} {
		rows := all(t, strings.NewReader(content), format)
		require.Equal(t, []string{
			"/po_number NOT_A_NAME", "/end_customer/company NOT_A_NAME",
			"/end_customer/contact_name NOT_A_NAME", "/reseller/company NOT_A_NAME",
		}, codes(rows[0].Validate(skus(), today)), format)
	}
}
