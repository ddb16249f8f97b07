package ordering

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/rulestest"
	"roomcover.dev/roomcover/rules/testday"
)

func goodForm() OrderForm {
	return OrderForm{
		PONumber:    "PO-2026-0017",
		PurchasedOn: "2026-11-20",
		Lines:       []OrderLine{{SKU: "SELECT-3Y", Quantity: 10}},
		EndCustomer: rules.Party{
			Company:     "Acme Ltda",
			ContactName: "Ana Souza",
			Email:       "ana.souza@acme.example",
			Address: rules.Address{
				Street:     "Av. Paulista, 1000",
				City:       "São Paulo",
				Region:     "SP",
				PostalCode: "01310-100",
				Country:    "BR",
			},
		},
		Reseller: rules.OrgParty{Company: "Revenda SA", Email: "pedidos@revenda.example",
			Address: rules.Address{Street: "Rua A, 1", City: "Campinas", Country: "BR"}},
		Distributor: rules.OrgParty{Company: "Distri", Email: "orders@distri.example",
			Address: rules.Address{Street: "Rua B, 2", City: "Lisboa", Country: "PT"}},
	}
}

func check(t require.TestingT, f OrderForm) error {
	return f.Validate(catalogue.NewCatalogue(catalogue.DefaultCatalogue()), testday.Day(t, "2026-11-20"))
}

func TestR92_GoodFormIsAccepted(t *testing.T) {
	require.NoError(t, check(t, goodForm()))
	sameOrg := goodForm()
	sameOrg.Distributor = sameOrg.Reseller
	require.NoError(t, check(t, sameOrg), "A7: one organisation in both roles")
	bare := goodForm()
	bare.EndCustomer.Address.Region = ""
	bare.EndCustomer.Address.PostalCode = ""
	require.NoError(t, check(t, bare), "region and postal code may be empty")
}

func TestR25a_ServiceOnlyOrderNeedsNoHardware(t *testing.T) {
	f := goodForm()
	f.Lines = []OrderLine{{SKU: "SELECT-1Y", Quantity: 1}}
	require.NoError(t, check(t, f))
}

func TestR92a_EachMissingFieldIsNamed(t *testing.T) {
	for _, c := range []struct {
		want   string
		remove func(*OrderForm)
	}{
		{"/po_number REQUIRED", func(f *OrderForm) { f.PONumber = " " }},
		{"/purchased_on REQUIRED", func(f *OrderForm) { f.PurchasedOn = "" }},
		{"/lines REQUIRED", func(f *OrderForm) { f.Lines = nil }},
		{"/lines/0/sku REQUIRED", func(f *OrderForm) { f.Lines[0].SKU = "" }},
		{"/lines/0/quantity QUANTITY_TOO_SMALL", func(f *OrderForm) { f.Lines[0].Quantity = 0 }},
		{"/end_customer/company REQUIRED", func(f *OrderForm) { f.EndCustomer.Company = "" }},
		{"/end_customer/contact_name REQUIRED", func(f *OrderForm) { f.EndCustomer.ContactName = "\t" }},
		{"/end_customer/email REQUIRED", func(f *OrderForm) { f.EndCustomer.Email = "" }},
		{"/end_customer/address REQUIRED", func(f *OrderForm) { f.EndCustomer.Address = rules.Address{} }},
		{"/end_customer/address/street REQUIRED", func(f *OrderForm) { f.EndCustomer.Address.Street = "" }},
		{"/end_customer/address/city REQUIRED", func(f *OrderForm) { f.EndCustomer.Address.City = "" }},
		{"/end_customer/address/country REQUIRED", func(f *OrderForm) { f.EndCustomer.Address.Country = "" }},
		{"/reseller/company REQUIRED", func(f *OrderForm) { f.Reseller.Company = "" }},
		{"/reseller/email REQUIRED", func(f *OrderForm) { f.Reseller.Email = "" }},
		{"/reseller/address REQUIRED", func(f *OrderForm) { f.Reseller.Address = rules.Address{} }},
		{"/distributor/company REQUIRED", func(f *OrderForm) { f.Distributor.Company = "" }},
		{"/distributor/email REQUIRED", func(f *OrderForm) { f.Distributor.Email = "" }},
		{"/distributor/address REQUIRED", func(f *OrderForm) { f.Distributor.Address = rules.Address{} }},
	} {
		f := goodForm()
		c.remove(&f)
		err := check(t, f)
		require.Equal(t, rules.ValidationFailed, rules.CodeOf(err))
		require.Equal(t, []string{c.want}, rulestest.Found(err))
	}
}

func TestR92b_AllMissingAreListedAtOnce(t *testing.T) {
	require.Equal(t, []string{
		"/po_number REQUIRED", "/purchased_on REQUIRED", "/lines REQUIRED",
		"/end_customer/company REQUIRED", "/end_customer/contact_name REQUIRED",
		"/end_customer/email REQUIRED", "/end_customer/address REQUIRED",
		"/reseller/company REQUIRED", "/reseller/email REQUIRED", "/reseller/address REQUIRED",
		"/distributor/company REQUIRED", "/distributor/email REQUIRED", "/distributor/address REQUIRED",
	}, rulestest.Found(check(t, OrderForm{})))
}

func TestR92b_EveryErrorHasMessageAndRemedy(t *testing.T) {
	for _, f := range []OrderForm{
		{}, {Lines: make([]OrderLine, 200)}, spoiled("\x00"), spoiled("\xff"), spoiled(testday.LongText(300)),
	} {
		refusal := check(t, f).(*rules.Error)
		require.NotEmpty(t, refusal.Message)
		require.NotEmpty(t, refusal.Remedy)
		for _, field := range refusal.Fields {
			require.NotEmpty(t, field.Message, field.Pointer)
			require.NotEmpty(t, field.Remedy, field.Pointer)
			require.True(t, strings.HasPrefix(field.Pointer, "/") || field.Code == rules.MoreErrors)
		}
	}
}

// spoiled puts s into every text of an order.
func spoiled(s string) OrderForm {
	a := rules.Address{Street: s, City: s, Region: s, PostalCode: s, Country: s}
	return OrderForm{
		PONumber:    s,
		PurchasedOn: s,
		Lines:       []OrderLine{{SKU: s, Quantity: 1}},
		EndCustomer: rules.Party{Company: s, ContactName: s, Email: s, Address: a},
		Reseller:    rules.OrgParty{Company: s, Email: s, Address: a},
		Distributor: rules.OrgParty{Company: s, Email: s, Address: a},
	}
}

func TestFieldsRefuseBadText(t *testing.T) {
	for name, c := range map[string]struct{ text, code string }{
		"NUL":                 {"a\x00b", rules.ControlCharacters},
		"line feed":           {"a\nb", rules.ControlCharacters},
		"header break":        {"a\r\nBcc: b", rules.ControlCharacters},
		"delete":              {"a\x7fb", rules.ControlCharacters},
		"C1 control":          {"a\u0085b", rules.ControlCharacters},
		"right-to-left":       {"a\u202Eb", rules.ControlCharacters},
		"isolate":             {"a\u2066b", rules.ControlCharacters},
		"line separator":      {"a\u2028b", rules.ControlCharacters},
		"zero-width space":    {"a\u200Bb", rules.ControlCharacters},
		"byte order mark":     {"a\uFEFFb", rules.ControlCharacters},
		"broken UTF-8":        {"a\xffb", rules.InvalidUTF8},
		"replacement":         {"a\uFFFDb", rules.InvalidUTF8},
		"far too long":        {testday.LongText(300), rules.TooLong},
		"control at the end":  {"ab\u202E", rules.ControlCharacters},
		"control at the head": {"\u202Eab", rules.ControlCharacters},
	} {
		t.Run(name, func(t *testing.T) {
			errs := rulestest.Found(check(t, spoiled(c.text)))
			require.Len(t, errs, 3+8+7+7, "every text field, each once")
			for _, e := range errs {
				require.True(t, strings.HasSuffix(e, " "+c.code), e)
			}
		})
	}
}

func TestFieldsAcceptOtherScripts(t *testing.T) {
	f := goodForm()
	f.EndCustomer.Company = "株式会社アクメ"
	f.EndCustomer.ContactName = "می\u200cخواهم"
	f.EndCustomer.Address.City = "القاهرة"
	require.NoError(t, check(t, f))
}

func TestLimitsAreExact(t *testing.T) {
	f := goodForm()
	f.PONumber = testday.LongText(MaxPONumber)
	f.EndCustomer.Company = testday.LongText(rules.MaxCompany)
	f.EndCustomer.ContactName = testday.LongText(rules.MaxContactName)
	f.EndCustomer.Address = rules.Address{
		Street:     testday.LongText(rules.MaxStreet),
		City:       testday.LongText(rules.MaxCity),
		Region:     testday.LongText(rules.MaxRegion),
		PostalCode: testday.LongText(rules.MaxPostalCode),
		Country:    "BR",
	}
	require.NoError(t, check(t, f))
	f.PONumber += "é"
	f.EndCustomer.Company += "é"
	f.EndCustomer.ContactName += "é"
	a := &f.EndCustomer.Address
	a.Street = a.Street + "é"
	a.City = a.City + "é"
	a.Region = a.Region + "é"
	a.PostalCode = a.PostalCode + "é"
	require.Equal(t, []string{
		"/po_number TOO_LONG", "/end_customer/company TOO_LONG", "/end_customer/contact_name TOO_LONG",
		"/end_customer/address/street TOO_LONG", "/end_customer/address/city TOO_LONG",
		"/end_customer/address/region TOO_LONG", "/end_customer/address/postal_code TOO_LONG",
	}, rulestest.Found(check(t, f)))
}

func TestFormats(t *testing.T) {
	for _, c := range []struct {
		want   string
		change func(*OrderForm)
	}{
		{"/purchased_on INVALID_DATE", func(f *OrderForm) { f.PurchasedOn = "20.11.2026" }},
		{"/purchased_on INVALID_DATE", func(f *OrderForm) { f.PurchasedOn = "2026-02-30" }},
		{"/purchased_on INVALID_DATE", func(f *OrderForm) { f.PurchasedOn = "0000-01-01" }},
		{"/purchased_on INVALID_DATE", func(f *OrderForm) { f.PurchasedOn = "2026-11-20T10:00:00Z" }},
		{"/end_customer/email INVALID_EMAIL", func(f *OrderForm) { f.EndCustomer.Email = "Ana <ana@acme.example>" }},
		{"/reseller/email INVALID_EMAIL", func(f *OrderForm) { f.Reseller.Email = "a@b.example,c@d.example" }},
		{"/end_customer/address/country INVALID_COUNTRY", func(f *OrderForm) {
			f.EndCustomer.Address.Country = "Brasil"
		}},
		{"/distributor/address/country INVALID_COUNTRY", func(f *OrderForm) { f.Distributor.Address.Country = "ZZ" }},
	} {
		f := goodForm()
		c.change(&f)
		require.Equal(t, []string{c.want}, rulestest.Found(check(t, f)))
	}
	f := goodForm()
	f.EndCustomer.Address.Country = " br "
	require.NoError(t, check(t, f), "case and spaces of a code do not matter")
}

func TestLines(t *testing.T) {
	for name, c := range map[string]struct {
		lines []OrderLine
		want  []string
	}{
		"unknown SKU":  {[]OrderLine{{SKU: "SELECT-6Y", Quantity: 1}}, []string{"/lines/0/sku UNKNOWN_SKU"}},
		"term of zero": {[]OrderLine{{SKU: "SELECT-0Y", Quantity: 1}}, []string{"/lines/0/sku UNKNOWN_SKU"}},
		"lower case":   {[]OrderLine{{SKU: " select-3y ", Quantity: 1}}, nil},
		"negative": {
			[]OrderLine{{SKU: "SELECT-3Y", Quantity: -1}},
			[]string{"/lines/0/quantity QUANTITY_TOO_SMALL"},
		},
		"largest": {[]OrderLine{{SKU: "SELECT-3Y", Quantity: 100_000}}, nil},
		"too large": {
			[]OrderLine{{SKU: "SELECT-3Y", Quantity: 100_001}},
			[]string{"/lines/0/quantity QUANTITY_TOO_LARGE"},
		},
		"absurd": {
			[]OrderLine{{SKU: "SELECT-3Y", Quantity: 1 << 62}, {SKU: "SELECT-3Y", Quantity: 1 << 62}},
			[]string{"/lines/0/quantity QUANTITY_TOO_LARGE", "/lines/1/quantity QUANTITY_TOO_LARGE"},
		},
		"too large together": {
			[]OrderLine{{SKU: "SELECT-3Y", Quantity: 60_000}, {SKU: "SELECT-1Y", Quantity: 60_000}},
			[]string{"/lines QUANTITY_TOO_LARGE"},
		},
		"several wrong": {
			[]OrderLine{{SKU: "X", Quantity: 0}, {SKU: "", Quantity: 1}},
			[]string{"/lines/0/sku UNKNOWN_SKU", "/lines/0/quantity QUANTITY_TOO_SMALL", "/lines/1/sku REQUIRED"},
		},
		"same SKU twice": {[]OrderLine{{SKU: "SELECT-3Y", Quantity: 1}, {SKU: "SELECT-3Y", Quantity: 2}}, nil},
		"unknown before mixed": {[]OrderLine{
			{SKU: "X", Quantity: 1},
			{SKU: "SELECT-3Y", Quantity: 1},
			{SKU: "EXT-WARRANTY-1Y", Quantity: 1},
		}, []string{"/lines/0/sku UNKNOWN_SKU", "/lines/2/sku MIXED_SERVICE_TYPES"}},
	} {
		f := goodForm()
		f.Lines = c.lines
		require.Equal(t, c.want, rulestest.Found(check(t, f)), name)
	}
}

func TestR113_MixedServiceTypesListTheLines(t *testing.T) {
	f := goodForm()
	f.Lines = []OrderLine{
		{SKU: "SELECT-3Y", Quantity: 1},
		{SKU: "EXT-WARRANTY-1Y", Quantity: 1},
		{SKU: "SELECT-1Y", Quantity: 1},
		{SKU: "SYNC-PLUS-1Y", Quantity: 1},
		{SKU: "TAP-BUNDLE-TEAMS", Quantity: 1},
	}
	require.Equal(t, []string{
		"/lines/1/sku MIXED_SERVICE_TYPES", "/lines/3/sku MIXED_SERVICE_TYPES", "/lines/4/sku MIXED_SERVICE_TYPES",
	}, rulestest.Found(check(t, f)))
	f.Lines = []OrderLine{{SKU: "SELECT-1Y", Quantity: 1}, {SKU: "SELECT-3Y", Quantity: 1}}
	require.NoError(t, check(t, f), "terms may differ")
}

func TestTooManyLines(t *testing.T) {
	f := goodForm()
	f.Lines = nil
	for range MaxLines {
		f.Lines = append(f.Lines, OrderLine{SKU: "SELECT-3Y", Quantity: 1})
	}
	require.NoError(t, check(t, f))
	f.Lines = append(f.Lines, OrderLine{SKU: "X", Quantity: 0})
	require.Equal(t, []string{"/lines TOO_MANY_LINES"}, rulestest.Found(check(t, f)),
		"lines past the limit are not looked at")
}

func TestSKUMustBeEffectiveToday(t *testing.T) {
	from := testday.Day(t, "2026-12-01")
	c := catalogue.NewCatalogue([]catalogue.SKU{{
		Code:          "SELECT-3Y",
		ServiceType:   catalogue.ServiceSelect,
		TermYears:     3,
		EffectiveFrom: &from,
	}})
	require.Equal(t, []string{"/lines/0/sku UNKNOWN_SKU"},
		rulestest.Found(goodForm().Validate(c, testday.Day(t, "2026-11-30"))))
	require.NoError(t, goodForm().Validate(c, from))
}
