// Package roomfile reads files of rooms with their devices, CSV or JSON, one row
// at a time.
//
// CSV begins with a header of the columns in Columns, in any order, written as
// rowfile.OpenCSV says. Each row is a device with its room, or a room alone where the
// columns of the device are empty. Rows of one room need not stand together.
//
// JSON is an array of rooms, or one room after the other (NDJSON), each as
// POST /v1/rooms takes it, with its devices in "devices".
package roomfile

import (
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"strconv"
	"strings"
	"unique"

	"roomcover.dev/roomcover/rowfile"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/licensing"
)

// MaxRows and MaxDevices bound what one file may hold, and MaxDevicesOfRoom what
// one room of a JSON file may.
const (
	MaxRows          = 100_000
	MaxDevices       = 300_000
	MaxDevicesOfRoom = 200

	// maxRoomTexts is what is kept of a room to hold later rows against, in bytes.
	maxRoomTexts = 1 << 10
)

// Codes of a file or row that is too large.
const (
	TooManyRows    = "TOO_MANY_ROWS"
	TooManyDevices = "TOO_MANY_DEVICES"
	RoomTooLarge   = "ROOM_TOO_LARGE"
)

// Row is one row of a file. No is the line of a CSV file, or the place in a JSON
// file, from 1. Err is what the file itself got wrong; what the rules and the
// account's rooms say is for the domain entitlement.
type Row struct {
	No   int
	Form licensing.RoomRow
	Err  []rules.FieldError
}

func (r *Row) fail(pointer, code, message, remedy string) {
	r.Err = rules.AddFields(r.Err, rules.FieldError{
		Pointer: pointer,
		Code:    code,
		Message: message,
		Remedy:  remedy,
	})
}

// Read reads a file row by row. An error is a *rules.Error of the whole file
// (FILE_UNREADABLE, FILE_EMPTY, TOO_MANY_ROWS) or the reader's own; it ends the
// sequence. Memory does not grow with the file, save for a few bytes for each
// room and serial seen.
func Read(r io.Reader, format string) iter.Seq2[Row, error] {
	rows := rowfile.Rows(r, decode)
	if format == rowfile.CSV {
		rows = readCSV(r)
	}
	return bounded(rows)
}

// Check reads a whole file, counts its rows, and refuses one that cannot be read
// to its end.
func Check(r io.Reader, format string) (rows int, err error) {
	for _, err := range Read(r, format) {
		if err != nil {
			return rows, err
		}
		rows++
	}
	return rows, nil
}

// bounded refuses an empty file and one that is too long, and marks what
// contradicts an earlier row.
func bounded(rows iter.Seq2[Row, error]) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		seen := earlier{
			seed:    maphash.MakeSeed(),
			rooms:   map[uint64]unique.Handle[licensing.RoomForm]{},
			sites:   map[uint64]unique.Handle[rules.Address]{},
			serials: map[uint64]struct{}{},
		}

		n := 0
		for row, err := range rows {
			if err == nil {
				n++
				if n > MaxRows || len(seen.serials) > MaxDevices {
					err = rules.Refuse(TooManyRows, fmt.Sprintf(
						"The file holds more than %d rows, or %d devices.", MaxRows, MaxDevices,
					), "Split the file.")
				}
			}
			if err != nil {
				yield(Row{}, err)
				return
			}

			seen.mark(&row)
			if !yield(row, nil) {
				return
			}
		}

		if n == 0 {
			yield(Row{}, rules.Refuse(rowfile.Empty, "The file holds no room.",
				"Send a file with at least one room."))
		}
	}
}

// earlier is what the rows before told: hashes, since the texts of a long file
// would not fit the memory that an import may take. Two of a hundred thousand
// serials share a hash once in a billion files, and then the row is refused, not
// lost.
type earlier struct {
	seed    maphash.Seed
	rooms   map[uint64]unique.Handle[licensing.RoomForm]
	sites   map[uint64]unique.Handle[rules.Address]
	serials map[uint64]struct{}
}

func (e *earlier) mark(row *Row) {
	room := row.Form.Room
	key := maphash.Comparable(e.seed, room.Key())
	room.Name, room.Site = "", ""

	if size := len(room.Country) + len(room.Region) + len(room.Platform) +
		len(room.Criticality) + len(room.TimeZone); size > maxRoomTexts {
		// A text of it is too long, which the rules say; it is not worth its memory.
		room = licensing.RoomForm{}
	}

	if first, ok := e.rooms[key]; ok && strings.TrimSpace(row.Form.Room.Name) != "" {
		row.Err = rules.AddFields(
			row.Err, licensing.RoomDifferences(first.Value(), room, rowfile.RowsDiffer)...,
		)
	} else {
		e.rooms[key] = unique.Make(room)
	}

	e.markSite(row)

	for i, d := range row.Form.Devices {
		serial := rules.NormaliseSerial(d.Serial)
		if serial == "" {
			continue
		}

		key := maphash.String(e.seed, serial)
		if _, ok := e.serials[key]; ok {
			row.fail("/devices/"+strconv.Itoa(i)+"/serial", rules.Duplicate,
				"This serial number stands in the file already.", "Give each device one row.")
		}

		e.serials[key] = struct{}{}
	}
}

// markSite holds a site's address against the one that an earlier row gave it.
func (e *earlier) markSite(row *Row) {
	site, told := row.Form.Site()
	a := site.Address
	if size := len(a.Street) + len(a.City) + len(a.PostalCode) + len(a.Region) +
		len(a.Country); !told || size > maxRoomTexts {
		return
	}

	key := maphash.String(e.seed, rules.SiteKey(site.Name))
	first, ok := e.sites[key]
	switch {
	case !ok:
		e.sites[key] = unique.Make(a)
	case !rules.SameSiteAddress(first.Value(), a):
		row.Err = rules.AddFields(row.Err, licensing.SiteAddressDiffers(rowfile.RowsDiffer))
	}
}
