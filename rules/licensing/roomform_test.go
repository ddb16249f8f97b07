package licensing

import (
	"testing"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
)

var formDay = civil.Date{Year: 2026, Month: 11, Day: 23}

func TestR70_RoomFormNamesEveryWrongField(t *testing.T) {
	good := RoomForm{
		Name:        "Sala 1",
		Country:     "BR",
		Platform:    rules.PlatformTeamsWindows,
		Criticality: rules.CriticalityNormal,
		TimeZone:    "America/Sao_Paulo",
	}
	require.NoError(t, good.Validate())
	for _, p := range rules.Platforms() {
		f := good
		f.Platform = p
		require.NoError(t, f.Validate())
	}
	err := RoomForm{Country: "XX", Platform: "WEBEX", Criticality: "LOW", TimeZone: "Mars/Base"}.Validate()
	var refusal *rules.Error
	require.ErrorAs(t, err, &refusal)
	var got []string
	for _, f := range refusal.Fields {
		got = append(got, f.Pointer+" "+f.Code)
	}
	require.Equal(t, []string{
		"/name REQUIRED", "/country INVALID_COUNTRY", "/platform INVALID_PLATFORM", "/criticality INVALID_CRITICALITY",
		"/time_zone INVALID_TIME_ZONE",
	}, got)
	for _, zone := range []string{"", "Local"} {
		f := good
		f.TimeZone = zone
		require.Equal(t, rules.ValidationFailed, rules.CodeOf(f.Validate()), zone)
	}
}

func TestS32_DeviceFormTakesUnknownDates(t *testing.T) {
	require.NoError(t, DeviceForm{Serial: "ab-12 34", ModelCode: "MEETUP"}.Validate(formDay))
	require.NoError(t, DeviceForm{ModelCode: "MEETUP"}.ValidatePart(formDay))
	require.Equal(t, rules.ValidationFailed, rules.CodeOf(DeviceForm{ModelCode: "MEETUP"}.Validate(formDay)))
	err := DeviceForm{
		Serial:         "AB1",
		PurchasedOn:    "2026-02-30",
		StdWarrantyEnd: "soon",
		ExtWarrantyEnd: "2026",
	}.Validate(formDay)
	var refusal *rules.Error
	require.ErrorAs(t, err, &refusal)
	require.Len(t, refusal.Fields, 4)
}

func TestS62_ADeviceIsNotBoughtTomorrow(t *testing.T) {
	for day, ok := range map[string]bool{"2026-11-23": true, "2026-11-24": false, "2062-01-01": false} {
		form := DeviceForm{Serial: "AB1", ModelCode: "MEETUP", PurchasedOn: day}
		claim := WarrantyClaimForm{Serial: "AB1", PONumber: "1", PurchasedOn: day}
		for _, err := range []error{form.Validate(formDay), form.ValidatePart(formDay), claim.Validate(formDay)} {
			if ok {
				require.NoError(t, err, day)
				continue
			}
			require.Equal(t, rules.ValidationFailed, rules.CodeOf(err), day)
			require.Equal(t, "/purchased_on", err.(*rules.Error).Fields[0].Pointer)
			require.Equal(t, rules.InTheFuture, err.(*rules.Error).Fields[0].Code)
		}
	}
}

func TestR42_OnlyWhoManagesRoomsChangesThem(t *testing.T) {
	for role, code := range map[rules.Role]string{
		rules.CustomerAdmin:    "",
		rules.PartnerAdmin:     "",
		rules.CustomerReadOnly: rules.Forbidden,
		rules.PartnerReadOnly:  rules.Forbidden,
		rules.Reseller:         rules.Forbidden,
		rules.Distributor:      rules.Forbidden,
		rules.OperatorAgent:    rules.ReasonRequired,
		rules.OperatorLead:     rules.ReasonRequired,
		rules.OperatorCSM:      rules.ReasonRequired,
		"":                     rules.Forbidden,
	} {
		require.Equal(t, code, rules.CodeOf(MayManageRooms(role, " ")), role)
	}
	require.NoError(t, MayManageRooms(rules.OperatorAgent, "asked by phone"))
	require.Equal(t, rules.Forbidden, rules.CodeOf(MayManageRooms(rules.CustomerReadOnly, "please")))
}

func TestSearchKeyFoldsAccentsAndCase(t *testing.T) {
	require.Equal(t, "reuniao 3 sao paulo", rules.SearchKey(" Reunião  3", "São Paulo"))
}
