package health

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestR43a_WhichRoomAPlaceMayBe(t *testing.T) {
	rooms := RoomsOf([]KnownRoom{
		{ID: "a", Name: "Sala São João", Site: "Paulista", Serials: []string{"S1"}},
		{ID: "b", Name: "sala sao joao", Site: "Rio"},
		{ID: "c", Name: "Board", Site: "Paulista", Serials: []string{"S2", "S3"}},
		{ID: "d", Name: "", Site: "Paulista"},
	})
	place := func(name string, serials ...string) Place {
		p := Place{ID: "p", Name: name}
		for _, s := range serials {
			p.Devices = append(p.Devices, Device{Serial: s})
		}
		return p
	}
	for _, c := range []struct {
		place Place
		site  string
		want  []Likeness
	}{
		{place("SALA SÃO JOÃO"), "", []Likeness{
			{"a", []Sameness{SameName}}, {"b", []Sameness{SameName}}}},
		{place("Sala São João"), "rio", []Likeness{
			{"b", []Sameness{SameName, SameSite}}, {"a", []Sameness{SameName}}}},
		{place("Another", "S3", "S2"), "Paulista", []Likeness{
			{"c", []Sameness{SameSerial, SameSite}}}},
		{place("Sala São João", "S2"), "", []Likeness{
			{"a", []Sameness{SameName}}, {"b", []Sameness{SameName}}, {"c", []Sameness{SameSerial}}}},
		{place("Another"), "Paulista", nil}, // the site alone says nothing
		{place(""), "Paulista", nil},
		{place("", ""), "", nil},
	} {
		require.Equal(t, c.want, rooms.Like(c.place, c.site), "%+v", c.place)
	}
}
