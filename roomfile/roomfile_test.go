package roomfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/roomfile"
	"roomcover.dev/roomcover/rowfile"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/rulestest"
)

func all(t *testing.T, text, format string) (rows []roomfile.Row) {
	t.Helper()
	for row, err := range roomfile.Read(iotest.OneByteReader(strings.NewReader(text)), format) {
		require.NoError(t, err)
		rows = append(rows, row)
	}
	return rows
}

func failure(t *testing.T, text, format string) *rules.Error {
	t.Helper()
	_, err := roomfile.Check(strings.NewReader(text), format)
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

func TestCSVAndJSONReadTheSameRooms(t *testing.T) {
	room := licensing.RoomForm{
		Name:        "Sala; 1",
		Site:        "HQ",
		Country:     "BR",
		Region:      "SP",
		Platform:    rules.PlatformTeamsWindows,
		Criticality: rules.CriticalityHigh,
		TimeZone:    "America/Sao_Paulo",
	}
	address := licensing.SiteAddress{Street: "Rua Augusta, 1", City: "São Paulo", PostalCode: "01305-000"}
	device := licensing.DeviceForm{
		Serial:         "a-1",
		ModelCode:      "TAP",
		PurchasedOn:    "2026-01-02",
		PurchaseProof:  "inv 7",
		StdWarrantyEnd: "2028-01-02",
		ExtWarrantyEnd: "2029-01-02",
	}
	cells := []string{
		room.Name, room.Site, address.Street, address.PostalCode, address.City, room.Region, room.Country,
		string(room.Platform), string(room.Criticality), room.TimeZone,
		device.Serial, device.ModelCode, device.PurchasedOn, device.PurchaseProof, device.StdWarrantyEnd,
		device.ExtWarrantyEnd,
	}
	for _, separator := range []string{",", ";", "\t"} {
		text := "\ufeff" + strings.Join(roomfile.Columns(), separator) + "\r\n" + `"` +
			strings.Join(cells, `"`+separator+`"`) + `"` + "\r\n\r\n" +
			`"Sala; 1"` + separator + "HQ" + strings.Repeat(separator, len(cells)-2) + "\n"
		require.Equal(t, []roomfile.Row{
			{No: 2, Form: licensing.RoomRow{
				Room: room, Address: address, Devices: []licensing.DeviceForm{device},
			}},
			{No: 4, Form: licensing.RoomRow{Room: licensing.RoomForm{Name: "Sala; 1", Site: "HQ"}}},
		}, all(t, text, rowfile.CSV))
	}
	object :=
		`{"name":"Sala; 1","site":"HQ","country":"BR","region":"SP","platform":"MTR_WINDOWS","criticality":"HIGH","time_zone":"America/Sao_Paulo","address":{"street":"Rua Augusta, 1","city":"São Paulo","postal_code":"01305-000"},"devices":[` +
			`{"serial":"a-1","model":"TAP","purchased_on":"2026-01-02","purchase_proof":"inv 7","std_warranty_end":"2028-01-02","ext_warranty_end":"2029-01-02"}]}`
	for _, text := range []string{object, "[" + object + "]"} {
		require.Equal(t, []roomfile.Row{
			{No: 1, Form: licensing.RoomRow{
				Room: room, Address: address, Devices: []licensing.DeviceForm{device},
			}},
		}, all(t, text, rowfile.JSON))
	}
}

func TestRowsThatContradictAnEarlierOneAreMarked(t *testing.T) {
	rows := all(t,
		"room,site,country,platform,serial,model\nA,X,BR,OTHER,S-1 00,TAP\nA,Y,PT,OTHER,S2,TAP\nA,X,br,OTHER,S3,TAP\n A ,X,PT,ZOOM_PC,s100,TAP\nB,X\n",
		rowfile.CSV)
	got := map[int][]string{}
	for _, r := range rows {
		got[r.No] = codes(r.Err)
	}
	require.Equal(t, map[int][]string{
		2: {},
		3: {},
		4: {},
		5: {"/country ROWS_DIFFER", "/platform ROWS_DIFFER", "/devices/0/serial DUPLICATE"},
		6: {" WRONG_COLUMNS"},
	}, got)
	rows = all(t, `[{"name":"A","devices":[{"serial":"1"},{"serial":"1"}]},{"name":"A","x":1,"name":"B","devices":7}]`,
		rowfile.JSON)
	require.Equal(t, []string{"/devices/1/serial DUPLICATE"}, codes(rows[0].Err))
	require.Equal(t, []string{"/x UNKNOWN_FIELD", "/name DUPLICATE_KEY", "/devices WRONG_TYPE"}, codes(rows[1].Err))
}

func TestFilesOfRoomsThatCannotBeReadAsAWhole(t *testing.T) {
	for _, c := range []struct{ name, format, in, code string }{
		{"empty csv", rowfile.CSV, "", rowfile.Empty},
		{"header only", rowfile.CSV, "room,country,platform\n", rowfile.Empty},
		{"unknown column", rowfile.CSV, "room,country,platform,colour\n", rowfile.Unreadable},
		{"missing column", rowfile.CSV, "room,platform\n", rowfile.Unreadable},
		{"open quote", rowfile.CSV, "room,country,platform\n\"A", rowfile.Unreadable},
		{"binary", rowfile.CSV, "PK\x03\x04", rowfile.Unreadable},
		{"empty json", rowfile.JSON, "[]", rowfile.Empty},
		{"cut", rowfile.JSON, `[{"name":"A"}`, rowfile.Unreadable},
		{"html", rowfile.JSON, "<html>", rowfile.Unreadable},
		{"too many", rowfile.CSV, "room,country,platform\n" +
			strings.Repeat("A,BR,OTHER\n", roomfile.MaxRows+1), roomfile.TooManyRows},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.code, failure(t, c.in, c.format).Code) })
	}
	fault := errors.New("the disk is gone")
	for _, format := range []string{rowfile.CSV, rowfile.JSON} {
		_, err := roomfile.Check(iotest.ErrReader(fault), format)
		require.ErrorIs(t, err, fault)
	}
}

func TestRoomOfAFileIsBounded(t *testing.T) {
	many := `{"name":"A","devices":[` + strings.TrimSuffix(strings.Repeat(`{},`, roomfile.MaxDevicesOfRoom+1), ",") +
		`]}`
	require.Equal(t, []string{"/devices TOO_MANY_DEVICES"}, codes(all(t, many, rowfile.JSON)[0].Err))
	large := fmt.Sprintf(`{"name":%q}`, strings.Repeat("x", 1<<20))
	var rows []roomfile.Row
	for row, err := range roomfile.Read(strings.NewReader(large), rowfile.JSON) {
		require.NoError(t, err)
		rows = append(rows, row)
	}
	require.Equal(t, []string{" ROOM_TOO_LARGE"}, codes(rows[0].Err))
}

// Nothing in a file makes the reader panic, and row numbers only grow.
func FuzzRead(f *testing.F) {
	f.Add([]byte("room,country,platform,serial\nA,BR,OTHER,S1\n"), true)
	f.Add([]byte(`[{"name":"A","devices":[{"serial":"1"}]}]`), false)
	f.Fuzz(func(t *testing.T, data []byte, csv bool) {
		format := rowfile.JSON
		if csv {
			format = rowfile.CSV
		}
		rulestest.WithinMemory(t, len(data), func() {
			last := 0
			for row, err := range roomfile.Read(bytes.NewReader(data), format) {
				if err != nil {
					return
				}
				if row.No <= last || len(row.Form.Devices) > roomfile.MaxDevicesOfRoom {
					t.Fatalf("row %d after %d", row.No, last)
				}
				last = row.No
			}
		})
	})
}

// One room has one spelling, in whichever way its rows were typed or pasted.
func TestS63_ARoomIsOneHoweverItIsSpelt(t *testing.T) {
	head := "room,site,country,platform\n"
	for _, again := range []string{
		"Sala São João,São Paulo,PT,OTHER",
		"Sala Sa\u0303o Joa\u0303o,Sa\u0303o Paulo,PT,OTHER",
		"Sala\u00a0São João,São\u00a0Paulo,PT,OTHER",
		"SALA são joão,são paulo,PT,OTHER",
	} {
		rows := all(t, head+"Sala São João,São Paulo,BR,OTHER\n"+again+"\n", rowfile.CSV)
		require.Equal(t, []string{"/country ROWS_DIFFER"}, codes(rows[1].Err), "%q", again)
	}
	rows := all(t, head+"Sala São João,São Paulo,BR,OTHER\nSala Sao Joao,São Paulo,PT,OTHER\n", rowfile.CSV)
	require.Empty(t, rows[1].Err, "an accent makes another room")
}

// The columns have Portuguese names too, in any case, with or without accents, and with
// blanks for underscores; nobody names one column twice.
func TestColumnsHavePortugueseNames(t *testing.T) {
	want := all(t, "room,site,street,postal_code,city,region,country,platform,criticality,time_zone,serial,model,"+
		"purchased_on,purchase_proof,std_warranty_end,ext_warranty_end\n1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16\n", rowfile.CSV)
	for _, header := range []string{
		"Sala,Local,Logradouro,CEP,Cidade,Estado,País,Plataforma,Criticidade,Fuso horário,Número de série,Modelo," +
			"Comprado em,Nota fiscal,Fim da garantia,Fim da garantia estendida",
		"sala,unidade,endereco,cep,cidade,uf,pais,plataforma,criticidade,fuso_horario,serie,modelo," +
			"data_da_compra,comprovante,fim_da_garantia,fim_da_garantia_estendida",
	} {
		require.Equal(t, want, all(t, header+"\n1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16\n", rowfile.CSV))
	}
	refusal := failure(t, "room,sala,country,platform\n", rowfile.CSV)
	require.Equal(t, []string{"/header/1 DUPLICATE_COLUMN"}, codes(refusal.Fields))
}

// The two examples hold the same rooms, and nothing in them is wrong.
func TestExamplesOfRoomsAreTheSame(t *testing.T) {
	devices := map[string][]string{}
	for _, format := range []string{rowfile.CSV, rowfile.JSON} {
		content, err := os.ReadFile("../examples/rooms." + format)
		require.NoError(t, err)
		for row, err := range roomfile.Read(bytes.NewReader(content), format) {
			require.NoError(t, err)
			require.Empty(t, row.Err)
			site, told := row.Form.Site()
			require.True(t, told)
			require.NoError(t, site.Validate())
			for _, d := range row.Form.Devices {
				require.NoError(t, d.Validate(civil.Date{Year: 2026, Month: 11, Day: 23}))
				devices[format] = append(devices[format], fmt.Sprint(row.Form.Room, row.Form.Address, d))
			}
		}
	}
	require.Len(t, devices[rowfile.CSV], 9)
	require.Equal(t, devices[rowfile.CSV], devices[rowfile.JSON])
}
