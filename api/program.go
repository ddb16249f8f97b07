package api

import (
	"context"
	"regexp"

	"cloud.google.com/go/civil"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/ordering"
)

// programHandlers answer what is asked about the program and its catalogue.
type programHandlers struct {
	db       *db.DB
	programs *program.Programs
}

func (h programHandlers) routes(api huma.API) {
	read := route{
		Tag:          "Program",
		Scope:        CatalogueRead,
		Capability:   rules.ViewProcesses,
		OperatorOnly: true,
	}

	write := route{
		Tag:          "Program",
		Scope:        CatalogueWrite,
		Capability:   rules.ManageCatalogue,
		OperatorOnly: true,
	}

	sell := route{
		Tag:        "Program",
		Scope:      CatalogueRead,
		Capability: rules.ViewAccount,
		Everyone:   true,
	}

	mount(api, read.get("get-program", "/v1/program",
		"Read the program: names, sender, windows, thresholds"), h.getProgram)
	mountJSON(api, write.put("put-program", "/v1/program", "Change the program").
		refuses(409, 412, 428), h.putProgram)
	mount(api, sell.get("list-catalogue", "/v1/catalogue", "List the SKUs"), h.listCatalogue)
	mountJSON(api, write.put("put-sku", "/v1/catalogue/{sku}", "Add or change a SKU"), h.putSKU)
}

type programOutput struct {
	ETag string `header:"ETag"`
	Body catalogue.Program
}

func (h programHandlers) getProgram(ctx context.Context, _ *struct{}) (*programOutput, error) {
	ref, err := h.programs.Reference(ctx)
	return &programOutput{ETag: etag(ref.Version), Body: ref.Program}, err
}

type putProgramInput struct {
	IfMatch string `header:"If-Match" doc:"Required: the ETag of the program you read"`
}

func (h programHandlers) putProgram(
	ctx context.Context, in *putProgramInput, p catalogue.Program,
) (*programOutput, error) {
	ref, err := h.programs.Reference(ctx)
	if err != nil {
		return nil, err
	}
	if err := (IfMatchInput{IfMatch: in.IfMatch}).matches(ref.Version); err != nil {
		return nil, err
	}

	if p.ID != ref.Program.ID {
		return nil, wrong("/id", "UNCHANGEABLE", "The program's id cannot change.",
			"Send the id that you read.")
	}
	if ref, err = h.programs.ChangeProgram(ctx, p, ref.Version); err != nil {
		return nil, err
	}

	return &programOutput{ETag: etag(ref.Version), Body: ref.Program}, nil
}

// SKURequest is what a SKU sells.
type SKURequest struct {
	ServiceType   catalogue.ServiceType `json:"service_type" enum:"SELECT,SYNC_PLUS,EXT_WARRANTY,JUMPSTART"`
	TermYears     int                   `json:"term_years" doc:"1 to 5; 0 for JUMPSTART"`
	Bundle        bool                  `json:"bundle,omitempty" doc:"Hardware that brings JumpStart"`
	EffectiveFrom string                `json:"effective_from,omitempty" doc:"First day of sale, YYYY-MM-DD"`
	EffectiveTo   string                `json:"effective_to,omitempty" doc:"First day without sale, YYYY-MM-DD"`
}

// SKUView is a SKU of the catalogue.
type SKUView struct {
	SKU string `json:"sku"`
	SKURequest
	UpdatedAt string `json:"updated_at" format:"date-time"`
}

func skuView(k program.CatalogueSKU) SKUView {
	return SKUView{k.Code, SKURequest{
		ServiceType:   k.ServiceType,
		TermYears:     k.TermYears,
		Bundle:        k.Bundle,
		EffectiveFrom: k.EffectiveFrom,
		EffectiveTo:   k.EffectiveTo,
	}, k.UpdatedAt.Format("2006-01-02T15:04:05Z07:00")}
}

func (h programHandlers) listCatalogue(ctx context.Context, _ *struct{}) (*pageOf[SKUView], error) {
	skus, err := h.programs.ListSKUs(ctx)
	return listed(skus, "", err, skuView)
}

var skuForm = regexp.MustCompile(`^[A-Z0-9][A-Z0-9._-]{0,63}$`)

type skuInput struct {
	SKU string `path:"sku" maxLength:"64" doc:"Code of the SKU"`
}

func (h programHandlers) putSKU(
	ctx context.Context, in *skuInput, r SKURequest,
) (*one[SKUView], error) {
	row := program.CatalogueSKU{
		Code:          catalogue.NormaliseSKU(in.SKU),
		ServiceType:   r.ServiceType,
		TermYears:     r.TermYears,
		Bundle:        r.Bundle,
		EffectiveFrom: r.EffectiveFrom,
		EffectiveTo:   r.EffectiveTo,
		UpdatedAt:     h.db.Clock().Now(),
	}

	if err := checkSKU(row); err != nil {
		return nil, err
	}
	return single(row, h.programs.PutSKU(ctx, row), skuView)
}

// checkSKU holds terms to one to five years (R125a).
func checkSKU(k program.CatalogueSKU) error {
	var f fieldCheck
	f.fail(!skuForm.MatchString(k.Code), "/sku", "INVALID_SKU", "This is no SKU code.",
		"Use capitals, digits, dots and dashes, at most 64.")
	jumpstart := k.ServiceType == catalogue.ServiceJumpStart

	switch k.ServiceType {
	case catalogue.ServiceSelect, catalogue.ServiceSyncPlus, catalogue.ServiceExtWarranty,
		catalogue.ServiceJumpStart:
	default:
		f.fail(true, "/service_type", "UNKNOWN_SERVICE_TYPE", "There is no such service type.",
			"Send SELECT, SYNC_PLUS, EXT_WARRANTY or JUMPSTART.")
	}

	f.fail(!jumpstart && (k.TermYears < 1 || k.TermYears > 5), "/term_years", rules.OutOfRange,
		"The term must be from 1 to 5 years.", "Send a whole number from 1 to 5.")
	f.fail(jumpstart && k.TermYears != 0, "/term_years", rules.OutOfRange,
		"JumpStart has no term in years.", "Send 0.")
	f.fail(k.Bundle != jumpstart, "/bundle", "NOT_A_BUNDLE",
		"A bundle brings JumpStart, and nothing else does.",
		"Send bundle true with JUMPSTART only.")
	f.dates("/effective_from", k.EffectiveFrom, "/effective_to", k.EffectiveTo)
	return rules.Invalid(f.fields)
}

// fieldCheck collects what is wrong with an operator's request.
type fieldCheck struct{ fields []rules.FieldError }

func (f *fieldCheck) fail(when bool, pointer, code, message, remedy string) {
	if when {
		f.fields = append(f.fields, rules.FieldError{
			Pointer: pointer,
			Code:    code,
			Message: message,
			Remedy:  remedy,
		})
	}
}

// dates checks a half-open period whose ends may be empty.
func (f *fieldCheck) dates(fromPointer, from, toPointer, to string) {
	a, errA := civil.ParseDate(from)
	b, errB := civil.ParseDate(to)
	f.fail(from != "" && errA != nil, fromPointer, rules.InvalidDate,
		"This is not a calendar date.", "Send a date as YYYY-MM-DD.")
	f.fail(to != "" && errB != nil, toPointer, rules.InvalidDate, "This is not a calendar date.",
		"Send a date as YYYY-MM-DD.")
	f.fail(errA == nil && errB == nil && !a.Before(b), toPointer, rules.OutOfRange,
		"The period ends before it begins.", "Send a later date.")
}

// party checks a company and its address by the very rules of an order's end
// customer, whose person does not matter here.
func (f *fieldCheck) party(company string, address *rules.Address) rules.Party {
	p := rules.Party{
		Company:     company,
		ContactName: "-",
		Email:       "nobody@example.com",
		Address: rules.Address{
			Street:  "-",
			City:    "-",
			Country: "BR",
		},
	}

	if address != nil {
		p.Address = *address
	}

	form := ordering.OrderForm{EndCustomer: p}
	const at = "/end_customer"
	for _, e := range fieldsOf(form.Validate(nil, civil.Date{Year: 2000, Month: 1, Day: 1})) {
		if len(e.Pointer) > len(at) && e.Pointer[:len(at)] == at {
			e.Pointer = e.Pointer[len(at):]
			f.fields = append(f.fields, e)
		}
	}

	return form.Normalised().EndCustomer
}
