package rules

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestR70_RoomFormNamesEveryWrongField(t *testing.T) {
	good := RoomForm{Name: "Sala 1", Country: "BR", Platform: PlatformTeamsWindows, Criticality: CriticalityNormal, TimeZone: "America/Sao_Paulo"}
	require.NoError(t, good.Validate())
	for _, p := range Platforms() {
		f := good
		f.Platform = p
		require.NoError(t, f.Validate())
	}
	err := RoomForm{Country: "XX", Platform: "WEBEX", Criticality: "LOW", TimeZone: "Mars/Base"}.Validate()
	var refusal *Error
	require.ErrorAs(t, err, &refusal)
	var got []string
	for _, f := range refusal.Fields {
		got = append(got, f.Pointer+" "+f.Code)
	}
	require.Equal(t, []string{"/name REQUIRED", "/country INVALID_COUNTRY", "/platform INVALID_PLATFORM", "/criticality INVALID_CRITICALITY", "/time_zone INVALID_TIME_ZONE"}, got)
	for _, zone := range []string{"", "Local"} {
		f := good
		f.TimeZone = zone
		require.Equal(t, ValidationFailed, CodeOf(f.Validate()), zone)
	}
}

func TestS32_DeviceFormTakesUnknownDates(t *testing.T) {
	require.NoError(t, DeviceForm{Serial: "ab-12 34", ModelCode: "MEETUP"}.Validate())
	require.NoError(t, DeviceForm{ModelCode: "MEETUP"}.ValidatePart())
	require.Equal(t, ValidationFailed, CodeOf(DeviceForm{ModelCode: "MEETUP"}.Validate()))
	err := DeviceForm{Serial: "AB1", PurchasedOn: "2026-02-30", StdWarrantyEnd: "soon", ExtWarrantyEnd: "2026"}.Validate()
	var refusal *Error
	require.ErrorAs(t, err, &refusal)
	require.Len(t, refusal.Fields, 4)
}

func TestR42_OnlyWhoManagesRoomsChangesThem(t *testing.T) {
	for role, code := range map[Role]string{CustomerAdmin: "", PartnerAdmin: "", CustomerReadOnly: Forbidden, PartnerReadOnly: Forbidden,
		Reseller: Forbidden, Distributor: Forbidden, OperatorAgent: ReasonRequired, OperatorLead: ReasonRequired, OperatorCSM: ReasonRequired, "": Forbidden} {
		require.Equal(t, code, CodeOf(MayManageRooms(role, " ")), role)
	}
	require.NoError(t, MayManageRooms(OperatorAgent, "asked by phone"))
	require.Equal(t, Forbidden, CodeOf(MayManageRooms(CustomerReadOnly, "please")))
}

func TestSearchKeyFoldsAccentsAndCase(t *testing.T) {
	require.Equal(t, "reuniao 3 sao paulo", SearchKey(" Reunião  3", "São Paulo"))
}
